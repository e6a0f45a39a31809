//! What happens to a submitted mail: each recipient is refused, delivered here, lost to the
//! outside world, or answered by a bounce.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::account::Delivery;
use super::bounce;
use super::delivery::{Incoming, deliver, is_local};
use super::errors::SetError;
use super::faults::{Fault, Faults};
use super::headers;
use super::options::{Options, RefusalWay, Unknown};
use super::refusal;
use super::world::{Left, World};
use crate::mail::{Address, Authentication};

/// A submission that passed its checks.
pub struct Outgoing {
    pub email: String,
    pub identity: String,
    pub envelope: Value,
    pub mail_from: Address,
    pub rcpt_to: Vec<Address>,
    pub raw: Bytes,
}

enum Route {
    Refused(String),
    Here,
    Leaves,
    Bounces,
}

const QUEUED: &str = "250 2.1.5 Queued";

/// Sends a mail to each of its recipients, and says how each fared; or refuses it as a whole.
pub fn send(
    world: &mut World,
    options: &Options,
    faults: &Faults,
    login: &str,
    submission: &str,
    mail: &Outgoing,
) -> Result<BTreeMap<String, Delivery>, SetError> {
    let routes: Vec<(&Address, Route)> =
        mail.rcpt_to.iter().map(|to| (to, route(world, options, faults, to))).collect();
    let refused = routes.iter().find_map(|(_, route)| match route {
        Route::Refused(reply) => Some(reply),
        _ => None,
    });
    match (options.habits.refusal, refused) {
        (RefusalWay::Cyrus, Some(reply)) => return Err(refusal::cyrus(reply, false)),
        (RefusalWay::CyrusEnhanced, Some(reply)) => return Err(refusal::cyrus(reply, true)),
        _ => {}
    }
    let raw =
        if options.habits.keeps_bcc { mail.raw.clone() } else { headers::without(&mail.raw, "Bcc").into() };
    let accepted: Vec<Address> = routes
        .iter()
        .filter(|(_, route)| !matches!(route, Route::Refused(_)))
        .map(|(to, _)| (*to).clone())
        .collect();
    if !accepted.is_empty() {
        world.left.push(Left {
            login: login.to_owned(),
            at: options.clock.now(),
            mail_from: mail.mail_from.clone(),
            rcpt_to: accepted,
            raw: raw.clone(),
            submission: submission.to_owned(),
        });
    }
    let authentication = authentication(world, login, &raw);
    let mut deliveries = BTreeMap::new();
    for (to, route) in routes {
        let (reply, delivered) = match route {
            Route::Refused(reply) => {
                let delivered = if reply.starts_with('4') { "queued" } else { "no" };
                (reply, delivered)
            }
            Route::Leaves => (QUEUED.to_owned(), "queued"),
            Route::Here => {
                let incoming = Incoming {
                    mail_from: Some(mail.mail_from.clone()),
                    authentication,
                    ..Incoming::new(raw.clone(), std::slice::from_ref(to))
                };
                deliver(world, options, &incoming);
                (QUEUED.to_owned(), "yes")
            }
            Route::Bounces => {
                let dsn = bounce::report(options, &mail.mail_from, to, "550 5.1.1 No such user here", &raw);
                let incoming =
                    Incoming { mail_from: None, ..Incoming::new(dsn, std::slice::from_ref(&mail.mail_from)) };
                deliver(world, options, &incoming);
                (QUEUED.to_owned(), "queued")
            }
        };
        deliveries.insert(to.as_str().to_owned(), Delivery { reply, delivered });
    }
    Ok(deliveries)
}

fn route(world: &World, options: &Options, faults: &Faults, to: &Address) -> Route {
    let refused = faults.take(|fault| match fault {
        Fault::Refuse(part, reply) if to.folded().contains(&part.to_lowercase()) => Some(reply.clone()),
        _ => None,
    });
    if let Some(reply) = refused {
        return Route::Refused(reply);
    }
    if is_local(world, to) {
        return Route::Here;
    }
    let here = options.users.iter().flat_map(|user| &user.addresses).any(|own| own.domain() == to.domain());
    match if here { options.unknown_here } else { options.elsewhere } {
        Unknown::Leaves => Route::Leaves,
        Unknown::Bounces => Route::Bounces,
        Unknown::Refused => Route::Refused(format!("550 5.1.1 <{to}>: no such user here")),
    }
}

/// Who signs in and writes under an own address is authenticated; under another's, not.
fn authentication(world: &World, login: &str, raw: &[u8]) -> Authentication {
    let from = headers::read(raw).from;
    match (world.account(login), from) {
        (Some(account), Some(from)) if account.has_address(&from.address) => Authentication::Pass,
        _ => Authentication::Fail,
    }
}

/// Sends a mail from a mail program: a copy lies in Sent, seen.
pub fn send_by_hand(
    world: &mut World,
    options: &Options,
    faults: &Faults,
    login: &str,
    raw: &Bytes,
    to: &[Address],
) -> Result<(), String> {
    let now = options.clock.now();
    let account = world.account_mut(login).ok_or_else(|| "no such user".to_owned())?;
    let mail_from =
        account.user.addresses.first().cloned().ok_or_else(|| "the user has no address".to_owned())?;
    let submission = account.next_submission_id();
    let outgoing = Outgoing {
        email: String::new(),
        identity: String::new(),
        envelope: Value::Null,
        mail_from,
        rcpt_to: to.to_vec(),
        raw: raw.clone(),
    };
    let deliveries = send(world, options, faults, login, &submission, &outgoing).map_err(|error| {
        let word = |name: &str| error.0.get(name).and_then(Value::as_str);
        word("description").or_else(|| word("type")).unwrap_or("the mail was refused").to_owned()
    })?;
    if let Some(refused) = deliveries.values().find(|delivery| delivery.delivered == "no") {
        return Err(refused.reply.clone());
    }
    if let Some(account) = world.account_mut(login)
        && let Some(sent) = account.find_mailbox("sent")
    {
        account.add_email(raw.clone(), [sent].into(), ["$seen".to_owned()].into(), now);
    }
    Ok(())
}
