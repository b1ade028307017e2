//! Who is behind a credential? On this platform that depends on whom one asks.

use http::StatusCode;

use crate::answer::Answer;
use crate::route::Caller;

/// A token that the project, design, analytics and marketplace services take: its subject is a user's id.
pub fn token(user_id: i64) -> String {
    format!("fake.{user_id}.user")
}

/// As [`token`], for an administrator.
pub fn admin_token(user_id: i64) -> String {
    format!("fake.{user_id}.admin")
}

/// A token of the user service: its subject is an e-mail address, and the neighbours do not expect that.
pub(crate) fn user_token(email: &str, admin: bool) -> String {
    format!("user:{email}:{}", if admin { "admin" } else { "user" })
}

/// A refresh token of the user service. It carries no roles, and is taken for an access token all the same.
pub(crate) fn refresh_token(email: &str) -> String {
    format!("user:{email}:refresh")
}

/// The subject of a token of the user service, and whether it is an administrator's.
pub(crate) fn read_user_token(token: &str) -> Option<Caller> {
    let (email, role) = token.strip_prefix("user:")?.rsplit_once(':')?;
    matches!(role, "admin" | "user" | "refresh").then(|| Caller { subject: email.to_owned(), admin: role == "admin" })
}

fn read_token(token: &str) -> Option<Caller> {
    let (subject, role) = token.strip_prefix("fake.")?.rsplit_once('.')?;
    subject.parse::<i64>().ok()?;
    Some(Caller { subject: subject.to_owned(), admin: role == "admin" })
}

/// 401 as the framework's bearer scheme says it.
pub(crate) fn unauthorized(detail: &str) -> Answer {
    Answer::detail(StatusCode::UNAUTHORIZED, detail).header("www-authenticate", "Bearer")
}

fn bearer(credential: Option<&str>) -> Result<&str, Answer> {
    credential.and_then(|text| text.strip_prefix("Bearer ")).ok_or_else(|| unauthorized("Not authenticated"))
}

/// The user service: its own tokens.
pub(crate) fn by_user_token(credential: Option<&str>) -> Result<Caller, Answer> {
    read_user_token(bearer(credential)?).ok_or_else(|| unauthorized("Could not validate credentials"))
}

/// Design, analytics, marketplace: tokens whose subject is an id.
pub(crate) fn by_token(credential: Option<&str>) -> Result<Caller, Answer> {
    read_token(bearer(credential)?).ok_or_else(|| unauthorized("Could not validate credentials"))
}

/// Project: the same, and the user service's too, since the key is the same and the subject is looked at too late.
pub(crate) fn by_either_token(credential: Option<&str>) -> Result<Caller, Answer> {
    let token = bearer(credential)?;
    read_token(token).or_else(|| read_user_token(token)).ok_or_else(|| unauthorized("Could not validate credentials"))
}

/// Knowledge: the bare id of a user, after any word.
pub(crate) fn by_bare_id(credential: Option<&str>) -> Result<Caller, Answer> {
    let id = credential.and_then(|text| text.split(' ').nth(1)).filter(|id| id.parse::<i64>().is_ok());
    let id = id.ok_or_else(|| Answer::detail(StatusCode::UNAUTHORIZED, "Invalid authorization header"))?;
    Ok(Caller { subject: id.to_owned(), admin: false })
}
