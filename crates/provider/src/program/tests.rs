use std::time::Duration;

use super::*;

fn sh(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

async fn run(script: &str, stdin: &[u8], within: Duration) -> Result<Ended, ProgramError> {
    let argv = sh(script);
    run_program(&Program {
        argv: &argv,
        env: None,
        folder: None,
        stdin,
        deadline: Instant::now() + within,
        max_output: 100_000,
    })
    .await
}

/// Far longer than any of these programs runs unless it is not killed.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_it_reads_comes_back_with_its_status_and_complaint() {
    let large = vec![b'x'; 90_000];
    let ended = run("cat; echo no >&2; exit 3", &large, LONG).await.unwrap();
    assert_eq!(ended.stdout, large);
    assert_eq!(ended.stderr, b"no\n");
    assert_eq!(ended.status.code(), Some(3));
    assert!(ended.first_byte.unwrap() >= ended.started);
    assert!(ended.ended >= ended.first_byte.unwrap());
}

#[tokio::test]
async fn a_program_that_ignores_its_input_is_not_at_fault() {
    let ended = run("echo hi", &vec![b'x'; 1 << 20], LONG).await.unwrap();
    assert_eq!(ended.stdout, b"hi\n");
}

#[tokio::test]
async fn too_much_output_ends_it() {
    let error = run("yes", b"", LONG).await.unwrap_err();
    assert!(matches!(error, ProgramError::TooLarge { .. }), "{error}");
    let ended = run("yes complaint | head -c 300000 >&2; echo ok", b"", LONG)
        .await
        .unwrap();
    assert!(ended.stderr.len() <= MAX_COMPLAINT);
}

/// Whether a process is there and no mere zombie.
fn lives(pid: &str) -> bool {
    let stat = fs_err::read_to_string(format!("/proc/{}/stat", pid.trim()));
    stat.is_ok_and(|stat| {
        let state = stat.rsplit(") ").next().unwrap_or_default();
        !state.starts_with(['Z', 'X'])
    })
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_deadline_kills_it_with_its_children() {
    let folder = std::env::temp_dir().join(format!("trilemma-program-{}", std::process::id()));
    fs_err::create_dir_all(&folder).unwrap();
    let file = folder.join("pids");
    let script = format!(
        "sleep 300 & echo $! >'{0}'; sh -c 'sleep 301 & echo $! >>\"{0}\"; wait'; wait",
        file.display()
    );
    let error = run(&script, b"", Duration::from_millis(1_500))
        .await
        .unwrap_err();
    assert!(matches!(error, ProgramError::Deadline { .. }), "{error}");
    let pids = fs_err::read_to_string(&file).unwrap();
    assert_eq!(pids.lines().count(), 2, "{pids}");
    for pid in pids.lines() {
        for _ in 0..200 {
            if !lives(pid) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!lives(pid), "{pid} lives on");
    }
    // A child that outlives the program and holds its output does not hold us.
    let ended = run("sleep 300 & echo $!", b"", LONG).await.unwrap();
    assert!(ended.status.success());
    assert!(!ended.stdout.is_empty());
    fs_err::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_environment_is_what_is_given() {
    let argv = sh("echo \"${HOME:-none} $ONE\"; pwd");
    let env = [("ONE".to_owned(), "1".into())];
    let ended = run_program(&Program {
        argv: &["/bin/sh".to_owned(), argv[1].clone(), argv[2].clone()],
        env: Some(&env),
        folder: Some(Path::new("/")),
        stdin: b"",
        deadline: Instant::now() + LONG,
        max_output: 1_000,
    })
    .await
    .unwrap();
    assert_eq!(ended.stdout, b"none 1\n/\n");
}

#[tokio::test]
async fn what_cannot_be_started_is_told() {
    let argv = ["/no/such/program".to_owned()];
    for argv in [&argv[..], &[]] {
        let program = Program {
            argv,
            env: None,
            folder: None,
            stdin: b"",
            deadline: Instant::now() + LONG,
            max_output: 1,
        };
        let error = run_program(&program).await.unwrap_err();
        assert!(matches!(error, ProgramError::Start { .. }));
    }
}
