//! A real image registry: distribution, built with the test cluster.
//!
//! Takes nothing, gives the address of an empty registry of the story's own. It keeps its images in memory and
//! ends with the value.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::control_plane::ControlPlane;
use crate::folder::TemporaryFolder;

/// A running registry.
pub struct Registry {
    process: Child,
    address: String,
    _folder: TemporaryFolder,
}

impl Registry {
    /// Starts one on a free port of this machine; `more` is added to its configuration.
    pub fn start(more: &str) -> Self {
        let folder = TemporaryFolder::new();
        let config = folder.path().join("registry.yaml");
        let text = "version: 0.1\nlog: {level: info}\nstorage: {inmemory: {}}\nhttp: {addr: '127.0.0.1:0', secret: tests}\n";
        std::fs::write(&config, format!("{text}{more}\n")).unwrap();
        let mut process = Command::new(ControlPlane::shared().registry())
            .arg("serve")
            .arg(&config)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        let address = loop {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "the registry ended before it listened");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split([' ', '"', ',']).next().unwrap().to_owned();
            }
        };
        // It must never wait for somebody to read its log.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, address, _folder: folder }
    }

    /// `127.0.0.1:PORT`, as images' names begin.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Puts an image without content there, an index of no platform; gives its digest.
    pub fn push(&self, name: &str, tag: &str) -> String {
        const INDEX: &str = "application/vnd.oci.image.index.v1+json";
        let body = format!("{{\"schemaVersion\": 2, \"mediaType\": \"{INDEX}\", \"manifests\": []}}");
        let url = format!("http://{}/v2/{name}/manifests/{tag}", self.address);
        let answer = ureq::put(url).header("content-type", INDEX).send(body).unwrap();
        answer.headers()["docker-content-digest"].to_str().unwrap().to_owned()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
