//! A new migration is compiled in: the compiler by itself sees only changes to files that it has read before.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations/postgres");
    println!("cargo:rerun-if-changed=../../migrations/sqlite");
}
