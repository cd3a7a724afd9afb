//! Reading an archive: nothing in it is believed before its checksum has been compared.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use tar::{Archive, Entries, EntryType};

use super::manifest::Entry;
use super::write::{Sha256, sum_line};
use super::{MANIFEST, MANIFEST_SUM, Manifest, Member};

/// Of the manifest and its checksum, in bytes. A manifest has about 150 bytes for each key ring.
const LONGEST_MANIFEST: u64 = 16 << 20;

/// An archive is read through a buffer.
type Buffered = BufReader<File>;

/// Reads all of an archive and writes nothing: it is whole, and what it holds is what its manifest says.
pub(crate) fn check(archive: &Path) -> Result<Manifest> {
    read(archive, |_| Ok(Box::new(io::sink())))
}

/// Writes every member to the path that `path_of` gives for it, readable by the owner only, and on disk when this
/// returns. What is there is not replaced.
///
/// It checks what it writes, as [`check`] does, because the archive may have changed since. After an error some members
/// may have been written.
pub(crate) fn extract(archive: &Path, path_of: impl Fn(&Member) -> PathBuf) -> Result<Manifest> {
    read(archive, |member| {
        let path = path_of(member);
        let file = create(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Box::new(SyncedFile(file)))
    })
}

fn read(path: &Path, sink: impl Fn(&Member) -> Result<Box<dyn Sink>>) -> Result<Manifest> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let length = file.metadata()?.len();
    let mut archive = Archive::new(BufReader::new(file));
    let mut entries = archive.entries()?;
    let text = small_member(&mut entries, MANIFEST)?;
    let sum = small_member(&mut entries, MANIFEST_SUM)?;
    ensure!(
        sum == sum_line(&text).as_bytes(),
        "the archive is damaged: its manifest is not what was written"
    );
    let manifest: Manifest = serde_json::from_slice(&text).context("the manifest of the archive is not understood")?;
    manifest.check()?;
    let mut expected = in_blocks(text.len() as u64) + in_blocks(sum.len() as u64) + END;
    for member in &manifest.members {
        copy_member(&mut entries, member, sink(&member.name)?)?;
        expected += in_blocks(member.size);
    }
    ensure!(
        length == expected,
        "the archive is damaged: it has {length} bytes instead of {expected}"
    );
    Ok(manifest)
}

/// Two blocks of zeros end a tar file.
const END: u64 = 1024;

/// The room that a member of this size takes, with its header.
fn in_blocks(size: u64) -> u64 {
    512 + size.div_ceil(512) * 512
}

fn small_member(entries: &mut Entries<'_, Buffered>, name: &str) -> Result<Vec<u8>> {
    let mut entry = next(entries, name)?;
    let size = entry.size();
    ensure!(size <= LONGEST_MANIFEST, damaged(name));
    let mut text = Vec::new();
    entry.read_to_end(&mut text).with_context(|| damaged(name))?;
    ensure!(text.len() as u64 == size, damaged(name));
    Ok(text)
}

fn copy_member(entries: &mut Entries<'_, Buffered>, member: &Entry, mut sink: Box<dyn Sink>) -> Result<()> {
    let name = member.name.to_string();
    let mut entry = next(entries, &name)?;
    ensure!(entry.size() == member.size, damaged(&name));
    let mut hash = Sha256::default();
    let mut buffer = vec![0; 128 << 10];
    loop {
        let read = entry.read(&mut buffer).with_context(|| damaged(&name))?;
        if read == 0 {
            break;
        }
        hash.write_all(&buffer[..read])?;
        sink.write_all(&buffer[..read])
            .with_context(|| format!("cannot write {name}"))?;
    }
    ensure!(hash.finish() == member.sha256, damaged(&name));
    sink.finish().with_context(|| format!("cannot write {name}"))
}

fn next<'a>(entries: &mut Entries<'a, Buffered>, name: &str) -> Result<tar::Entry<'a, Buffered>> {
    let wrong = |text: &str| match name {
        MANIFEST => "this is not an archive of `doorward backup`".to_owned(),
        _ => format!("the archive is damaged: {name} {text}"),
    };
    let entry = entries.next().with_context(|| wrong("is missing"))?;
    let entry = entry.with_context(|| wrong("is not what was written"))?;
    let found = entry.path_bytes();
    ensure!(
        *found == *name.as_bytes() && entry.header().entry_type() == EntryType::Regular,
        wrong("is not where it should be")
    );
    drop(found);
    Ok(entry)
}

fn damaged(name: &str) -> String {
    format!("the archive is damaged: {name} is not what was written")
}

/// Where the bytes of a member go.
trait Sink: Write {
    /// After the last byte.
    fn finish(&mut self) -> io::Result<()>;
}

impl Sink for io::Sink {
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct SyncedFile(File);

impl Write for SyncedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for SyncedFile {
    fn finish(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir)?;
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create_new(true).open(path)
}
