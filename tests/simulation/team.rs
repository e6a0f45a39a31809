//! Account letters: people are invited and forget their passwords, and what their letters carry stays
//! nowhere.

use std::collections::HashMap;

use postdesk::desk::NewAccount;
use postdesk::mail::{self, MessageId};
use postdesk::secret::Token;
use postdesk::store::Look;
use postdesk::tracker::{Handle, LetterKind, OutboxRow, OutboxState, ProjectPath, RawHash, Recipient, Role};

use crate::check::{Books, ensure};
use crate::life::{Breath, Parts};
use crate::world::{DESK, Told, World, address};

/// Who is invited, by handle and address.
const TEAM: [(&str, &str); 4] = [
    ("kim", "kim@team.example"),
    ("lou", "lou@team.example"),
    ("max", "max@refused.example"),
    ("jane", "jane@team.example"),
];

/// Somebody is invited, or asks for a new password.
pub fn happens(world: &mut World, parts: &Parts, breath: &Breath) {
    let (desk, told, form) = (parts.desk.clone(), world.told.clone(), world.form());
    let (handle, mailed_to) = *world.dice.pick(&TEAM);
    let way = world.dice.below(4);
    let twice = world.dice.one_in(4);
    world.note(format!("an account letter to {handle}, in way {way}"));
    let name = Handle::parse(handle).unwrap();
    tokio::spawn(breath.with(async move {
        let letter = match way {
            0 | 1 if handle != "jane" => {
                let path = ProjectPath::parse("acme/web").unwrap();
                let new = NewAccount {
                    handle: name,
                    name: None,
                    address: address(mailed_to),
                    admin: false,
                    projects: vec![(path, Role::Agent)],
                };
                desk.invite_account(new).await.is_ok().then_some(LetterKind::Invitation)
            }
            2 => desk.mail_new_password(name).await.is_ok().then_some(LetterKind::NewPassword),
            _ => {
                let peer = [192, 0, 2, 7].into();
                let _ = desk.ask_new_password(mailed_to, peer, form.clone()).await;
                if twice {
                    let _ = desk.ask_new_password(mailed_to, peer, form).await;
                }
                // The answer does not tell whether there is such an account.
                None
            }
        };
        told.lock().unwrap().extend(letter.map(|letter| Told::Mailed { handle, letter }));
    }));
}

/// Each letter that was promised is due or gone, its link is the one that opens, and nothing of it
/// lies with us or in the mail account.
pub fn check(world: &mut World, books: &Books) -> Result<(), String> {
    let secret = |row: &&OutboxRow| row.letter.is_secret();
    let rows: HashMap<MessageId, &OutboxRow> =
        books.letters.iter().filter(secret).map(|row| (row.message_id.clone(), row)).collect();
    for mail in world.server.look(|w| w.all_mails(DESK)) {
        let id = mail::parse(&mail.raw, None).message_id;
        let row = id.and_then(|id| rows.get(&id));
        ensure!(row.is_none(), "{row:?} lies in {:?}", mail.mailboxes);
    }
    for sent in world.server.submissions() {
        let inbound = mail::parse(&sent.raw, None);
        let Some(row) = inbound.message_id.and_then(|id| rows.get(&id).copied()) else { continue };
        let hash = RawHash(*blake3::hash(&sent.raw).as_bytes());
        ensure!(!books.store.raw().exists(&hash) && row.draft.is_none(), "{row:?} is kept");
        opens(world, books, row, &sent.raw)?;
    }
    for row in rows.values() {
        let what = if row.letter == LetterKind::Invitation { "an invitation" } else { "a new password" };
        if row.state == OutboxState::Sent {
            world.saw(what);
        }
    }
    promised(world, books)
}

/// An invitation that left opens its account: nobody takes its link back.
fn opens(world: &World, books: &Books, row: &OutboxRow, raw: &[u8]) -> Result<(), String> {
    let passed = world.clock.now().duration_since(row.created_at);
    let restored = world.operator.desk_restored.is_some();
    if restored || row.letter != LetterKind::Invitation || passed > jiff::SignedDuration::from_hours(6 * 24) {
        return Ok(());
    }
    let text = String::from_utf8_lossy(raw).replace("=\r\n", "").replace("=3D", "=");
    let link = text.split("/welcome/").nth(1).map(|rest| {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).collect::<String>()
    });
    let token = link.as_deref().and_then(Token::parse);
    let link = token.and_then(|token| books.read.account_link(&token.hash()).unwrap());
    let account = link.map(|link| Recipient::Account(link.account));
    ensure!(account == Some(row.to), "the link of {row:?} opens {account:?}");
    Ok(())
}

/// What somebody was told to be on its way is on record.
fn promised(world: &World, books: &Books) -> Result<(), String> {
    let told = world.told.lock().unwrap();
    let mailed = told.iter().filter_map(|told| match told {
        Told::Mailed { handle, letter } => Some((*handle, *letter)),
        _ => None,
    });
    for (handle, letter) in mailed.clone() {
        let times = mailed.clone().filter(|promised| *promised == (handle, letter)).count();
        let account = books.read.account_by_handle(&Handle::parse(handle).unwrap()).unwrap();
        let to = account.map(|account| Recipient::Account(account.id));
        let due = books.letters.iter().filter(|row| Some(row.to) == to && row.letter == letter).count();
        ensure!(due >= times, "{due} letters ({letter:?}) to {handle}, and {times} were promised");
        ensure!(letter != LetterKind::Invitation || due == 1, "{handle} was invited {due} times");
    }
    Ok(())
}
