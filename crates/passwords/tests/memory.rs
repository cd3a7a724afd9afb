//! How much memory the pool takes. The only test in its process, so that no other one is measured with it.
#![cfg(target_os = "linux")]

use std::time::Duration;

use doorward_passwords::{Parameters, PasswordPool, PoolConfig};

const MIB: usize = 1024;
const THREADS: usize = 3;
const BLOCK_KIB: usize = 40 * MIB;

#[test]
fn s12_memory_is_at_most_one_block_for_each_thread() {
    let parameters = Parameters {
        memory_kib: 40 * 1024,
        passes: 1,
        lanes: 1,
    };
    let config = PoolConfig {
        threads: THREADS,
        parameters,
        queue_deadline: Duration::from_mins(1),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let before = resident_kib("VmRSS");

    let pool = PasswordPool::start(config).unwrap();
    let idle = resident_kib("VmRSS") - before;
    assert!(idle < 8 * MIB, "an idle pool holds {idle} KiB");

    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..30_u8 {
            let pool = pool.clone();
            tasks.spawn(async move { pool.hash(b"password", [number; 16]).await.unwrap() });
        }
        assert_eq!(tasks.join_all().await.len(), 30);
    });
    let peak = resident_kib("VmHWM") - before;
    assert!(
        peak < THREADS * BLOCK_KIB + 8 * MIB,
        "{THREADS} threads took {peak} KiB"
    );
    assert!(peak > BLOCK_KIB, "{peak} KiB: nothing was measured");
    let held = resident_kib("VmRSS") - before;
    assert!(held > BLOCK_KIB, "{held} KiB: the blocks were not kept");
}

fn resident_kib(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells a process about itself");
    let line = status
        .lines()
        .find(|line| line.starts_with(field))
        .expect("the field is there");
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse().ok())
        .expect("its value is in kB")
}
