//! What the compiler by itself would not see: a new migration is compiled in, and with another database to check
//! against, all statements are checked again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
    println!("cargo:rerun-if-env-changed=POSTGRES_DATABASE_URL");
}
