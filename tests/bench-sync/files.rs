//! The files that are synced: as sources are, many small ones and a few large.

use std::fs;
use std::path::Path;

const FOLDERS: usize = 500;

/// How many files of how many bytes each folder has: 100 files, 2 MB.
const SIZES: [(usize, usize); 4] = [(60, 2_000), (30, 12_000), (9, 40_000), (1, 1_160_000)];

/// Makes the files; gives how many there are and their bytes.
pub(crate) fn make(root: &Path) -> (usize, usize) {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let (mut files, mut bytes) = (0, 0);
    for folder in 0..FOLDERS {
        let path = root.join(format!("group-{:02}/package-{folder:03}", folder / 20));
        fs::create_dir_all(&path).unwrap();
        for (count, size) in SIZES {
            for number in 0..count {
                fs::write(path.join(format!("file-{size}-{number:02}.txt")), noise.bytes(size)).unwrap();
                files += 1;
                bytes += size;
            }
        }
    }
    (files, bytes)
}

/// Bytes that no file system can make smaller, the same each time.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
