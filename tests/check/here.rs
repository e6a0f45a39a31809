//! What is wrong on this computer, and keeps the desk from starting or from being asked.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use postdesk::demo::server::Habits;

use crate::support::keeper;
use crate::{BASIC, World, running};

/// The user whom files are given to that are nobody's.
const NOBODY: u32 = 65534;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_token_that_is_not_there() {
    let world = World::new(Habits::default(), BASIC).await;
    world.replace("[web]", "[watch]\ntoken = { file = \"watch\" }\n[web]");
    world
        .check()
        .only_bad("watch token", &["`watch.token` names ", "write the secret into it", "does not start"]);
    std::fs::write(world.desk.folder().join("watch"), "seen\n").unwrap();
    let checked = world.check();
    assert!(checked.runs);
    checked.has("ok", "watch token", &["is read"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_theme_with_a_template_that_fails() {
    let world = World::new(Habits::default(), BASIC).await;
    world.replace("data = ", "theme = \"theme\"\ndata = ");
    let pages = world.desk.folder().join("theme/pages");
    std::fs::create_dir_all(&pages).unwrap();
    for (page, word) in
        [("{{ page.heading", "is not well formed"), ("{{ page.nothing }}", "cannot be rendered")]
    {
        std::fs::write(pages.join("list.html"), page).unwrap();
        let words = ["the template pages/list.html", word, "Mend that template or take it away."];
        world.check().only_bad("templates", &words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_was_cut_off() {
    let world = World::new(Habits::default(), BASIC).await;
    std::fs::create_dir_all(world.desk.folder().join("data/restoring")).unwrap();
    world.check().only_bad("store", &["`postdesk restore` that did not finish", "empty the data folder"]);
    let output = tokio::task::block_in_place(|| world.desk.run(&["run"]));
    assert_eq!(output.status.code(), Some(78), "only a person can mend it, so nothing is to start it again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_listeners_of_which_one_takes_what_the_other_wants() {
    let world = World::new(Habits::default(), BASIC).await;
    let port = world.desk.port();
    let own = format!("listen = [\"127.0.0.1:{port}\"");
    world.replace(&own, &format!("trusted_proxies = [\"127.0.0.1\"]\n{own}, \"0.0.0.0:{port}\""));
    let removed = format!("Remove 127.0.0.1:{port} from `listen`");
    world.check().only_bad("listener", &["every address of this computer", &removed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_hangs() {
    let mut world = World::new(Habits::default(), BASIC).await;
    running(&mut world).await;
    keeper::signal(world.desk.id(), "STOP");
    let checked = world.check();
    keeper::signal(world.desk.id(), "CONT");
    checked.only_bad("daemon", &["does not answer", "`systemctl restart postdesk`"]);
    checked.has("ok", "listener", &["the daemon runs"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_control_socket_that_cannot_be_made() {
    let world = World::new(Habits::default(), BASIC).await;
    world.replace("data = ", "runtime = \"sockets\"\ndata = ");
    let folder = world.desk.folder().join("sockets");
    let remedy = format!("`install -d -m 700 -o postdesk -g postdesk {}`", folder.display());
    world.check().only_bad("control socket", &["`runtime` is ", "does not start", &remedy]);
    std::fs::create_dir(&folder).unwrap();
    assert!(world.check().runs);
    let long = "s".repeat(108);
    std::fs::create_dir(world.desk.folder().join(&long)).unwrap();
    world.replace("\"sockets\"", &format!("\"{long}\""));
    world.check().only_bad("control socket", &["at most 107", "`runtime`", "/run/postdesk"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_intake_mailbox_that_is_mistyped() {
    let world = World::new(Habits::default(), BASIC).await;
    world.replace("[web]", "[mailboxes]\nintake = \"Inbx\"\n[web]");
    let checked = world.check();
    assert!(checked.runs);
    checked.has("warn", "intake", &["no mailbox Inbx", "typing error", "`intake` in [mailboxes]"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_root_may_read_and_the_desks_own_user_may_not() {
    let world = World::new(Habits::default(), BASIC).await;
    let folder = world.desk.folder();
    let data = folder.join("data");
    std::fs::create_dir(&data).unwrap();
    if std::os::unix::fs::chown(&data, Some(NOBODY), Some(NOBODY)).is_err() {
        eprintln!("skipped: what root may read: only root may give a folder away");
        return;
    }
    let mode = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(&data, 0o700);
    mode(folder, 0o755);
    mode(&folder.join("postdesk.toml"), 0o644);
    mode(&folder.join("password"), 0o600);
    world.check().only_bad("files", &["`mail.password` names ", "the user that the desk runs as", "`chown "]);
    mode(&folder.join("password"), 0o644);
    let checked = world.check();
    assert!(checked.runs);
    checked.has("ok", "files", &["can read every file"]);
    mode(&data, 0o500);
    world.check().only_bad("data folder", &["cannot be written by ", "`chown -R "]);
}

/// As with `postdesk check | head -n 1`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_has_gone_changes_no_verdict() {
    let world = World::new(Habits::default(), BASIC).await;
    let unheard = || tokio::task::block_in_place(|| world.desk.run_unheard(&["check"])).code();
    assert_eq!(unheard(), Some(0));
    world.replace("\"password\"", "\"wrong\"");
    assert_eq!(unheard(), Some(1));
}
