//! The servers that a run needs: those that were given, else one of our own of each kind. What is run learns from its
//! environment where they are, and where their programs are, to start and kill servers of its own.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::nats::{NatsServer, Port};
use crate::postgres::{Durability, PostgresServer};
use crate::tools::Tools;

/// What we started for a run. Dropping it ends all of it.
pub struct Servers<'a> {
    tools: &'a Tools<'a>,
    logs: &'a Path,
    postgres: Option<PostgresServer>,
    nats: Option<NatsServer>,
}

impl<'a> Servers<'a> {
    /// None yet. They will write their logs into the directory `logs`.
    pub fn new(tools: &'a Tools<'a>, logs: &'a Path) -> Self {
        Self {
            tools,
            logs,
            postgres: None,
            nats: None,
        }
    }

    /// PostgreSQL: `TEST_POSTGRES_URL`, a superuser's, to make databases with, and `TEST_POSTGRES_BIN_DIR`.
    pub fn postgres(&mut self, durability: Durability, command: &mut Command) -> Result<()> {
        // The service reads this name: it would lead every service that is started into one database.
        command.env_remove("DATABASE_URL");
        let programs = self.tools.postgres();
        if let Ok(programs) = &programs {
            command.env("TEST_POSTGRES_BIN_DIR", programs);
        }
        if let Some(url) = self.tools.given.postgres_url() {
            command.env("TEST_POSTGRES_URL", url);
            return Ok(());
        }
        let log = self.logs.join("postgres.log");
        let postgres = PostgresServer::start(&programs?, durability, &log, self.tools.interruption)?;
        command.env("TEST_POSTGRES_URL", postgres.url("postgres"));
        self.postgres = Some(postgres);
        Ok(())
    }

    /// NATS with JetStream: `NATS_URL` and `NATS_SERVER_BIN`. Our own keeps its streams in `store`.
    pub fn nats(&mut self, store: &Path, command: &mut Command) -> Result<()> {
        let binary = self.tools.nats_server();
        if let Ok(binary) = &binary {
            command.env("NATS_SERVER_BIN", binary);
        }
        if let Some(url) = self.tools.given.nats_url() {
            command.env("NATS_URL", url);
            return Ok(());
        }
        let log = self.logs.join("nats-server.log");
        let nats = NatsServer::start(&binary?, Port::Any, store, &log, self.tools.interruption)?;
        command.env("NATS_URL", nats.url());
        self.nats = Some(nats);
        Ok(())
    }

    /// Ends them in good order.
    pub fn stop(self) -> Result<()> {
        if let Some(nats) = self.nats {
            nats.stop()?;
        }
        if let Some(postgres) = self.postgres {
            postgres.stop()?;
        }
        Ok(())
    }
}
