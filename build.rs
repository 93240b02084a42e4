//! Sees to it that the folder of the built client is there, so that the server builds without it.

fn main() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/static/dist");
    println!("cargo:rerun-if-changed={folder}");
    if let Err(error) = std::fs::create_dir_all(folder) {
        println!("cargo:warning={folder} can't be made: {error}");
    }
}
