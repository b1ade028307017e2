//! Does what the generator writes compile, and do what it says?

use sinew_runtime::generated::{Client, Scheme, Service};
use sinew_runtime::testing::{Scripted, Step};
use sinew_runtime::{Call, ClientBuilder, Error, Health, ServiceRegistry};

static SERVICE: Service =
    Service::new("user-service", "http://localhost:8001/api/v1").health("/health").ready("/ready").schemes(&[
        Scheme::bearer("bearer"),
        Scheme::basic("basic"),
        Scheme::api_key_header("key", "X-API-Key"),
        Scheme::api_key_query("k2", "api_key"),
        Scheme::api_key_cookie("k3", "sid"),
    ]);

#[derive(Clone, Debug)]
pub(crate) struct UserServiceClient {
    core: Client,
}

impl From<Client> for UserServiceClient {
    fn from(core: Client) -> Self {
        Self { core }
    }
}

impl UserServiceClient {
    pub(crate) fn from_env() -> Result<Self, Error> {
        Client::from_env(&SERVICE).map(Self::from)
    }
    pub(crate) fn new(base_url: &str) -> Result<Self, Error> {
        Self::builder().base_url(base_url).build()
    }
    pub(crate) fn builder() -> ClientBuilder<Self> {
        ClientBuilder::new(&SERVICE)
    }
    pub(crate) fn from_registry(registry: &ServiceRegistry) -> Result<Self, Error> {
        Client::from_registry(&SERVICE, registry).map(Self::from)
    }
    pub(crate) fn health(&self) -> Call<'_, Health> {
        self.core.health()
    }
    pub(crate) fn ready(&self) -> Call<'_, Health> {
        self.core.ready()
    }
    pub(crate) async fn close(&self) {
        self.core.close().await;
    }
}

mod types {
    use sinew_runtime::generated::{JsonTypes, Union, UnionArm, json};

    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct User {
        pub(crate) id: i64,
    }
    json::record!(User { id "id" });

    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Detail {
        pub(crate) detail: String,
    }
    json::record!(Detail { detail "detail" });

    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Owner {
        User(User),
        Detail(Detail),
        Unknown(serde_json::Value),
    }

    static OWNER: Union = Union::new(&[
        UnionArm::new("User", JsonTypes::OBJECT).required(&["id"]).properties(&["id"]),
        UnionArm::new("Detail", JsonTypes::OBJECT).required(&["detail"]).properties(&["detail"]),
    ]);

    impl json::Blank for Owner {
        fn blank() -> Self {
            Self::Unknown(json::blank())
        }
    }

    impl json::Slot for Owner {
        fn fill(&mut self, from: &mut json::Reader<'_>) -> Result<(), json::Fault> {
            OWNER.read(from, &mut |arm, from| {
                *self = match arm {
                    0 => Self::User(from.value()?),
                    1 => Self::Detail(from.value()?),
                    _ => Self::Unknown(from.value()?),
                };
                Ok(())
            })
        }
    }
}

mod users {
    use super::types;
    use sinew_runtime::generated::{FailedReply, Failure, FormData, Method, Operation, Reply, Style};
    use sinew_runtime::{Body, Call, Download, Part};

    static GET_USER: Operation = Operation::new("get_user", Method::Get, "/users/{user_id}")
        .auth(&[&["bearer"], &["key", "basic"], &[]])
        .accept("application/vnd.design-synapse.v1+json")
        .idempotent(true)
        .timeout_ms(60_000)
        .attempts(1);
    static LIST: Operation = Operation::new("list", Method::Get, "/users/");
    static PUT_RAW: Operation =
        Operation::new("put_raw", Method::Put, "/raw").base_path("/").idempotency_header("Idempotency-Key");
    static UPLOAD: Operation =
        Operation::new("upload", Method::Post, "/upload").server("https://uploads.example.org/v2");
    static OWNER: Operation = Operation::new("owner", Method::Get, "/owner");

    #[derive(Clone, Debug, Default)]
    pub(crate) struct List {
        pub(crate) limit: Option<i32>,
        pub(crate) tags: Vec<String>,
        pub(crate) ids: Vec<i64>,
        pub(crate) trace: Option<String>,
        pub(crate) sid: Option<String>,
    }

    pub(crate) struct UploadFile {
        pub(crate) file: Part,
        pub(crate) more: Option<Part>,
        pub(crate) description: Option<String>,
        pub(crate) meta: Option<types::User>,
    }

    impl UploadFile {
        fn form(&self) -> FormData {
            FormData::new()
                .file("file", &self.file)
                .optional_file("more", self.more.as_ref())
                .text("description", &self.description)
                .json("meta", &self.meta)
        }
    }

    #[derive(Debug, PartialEq)]
    pub(crate) enum Raw {
        Ok(types::User),
        NoContent,
    }

    #[derive(Debug, PartialEq)]
    pub(crate) enum GetUserFailure {
        NotFound(types::Detail),
        ServerError(String),
    }

    impl Failure for GetUserFailure {
        fn decode(reply: &FailedReply) -> Option<Self> {
            match reply.status() {
                404 => reply.read().map(Self::NotFound),
                500..=599 => reply.text().map(Self::ServerError),
                _ => None,
            }
        }
    }

    impl super::UserServiceClient {
        pub(crate) fn get_user(&self, user_id: i64) -> Call<'_, types::User> {
            self.core.request(&GET_USER).path("user_id", &user_id).answering(Reply::read)
        }
        pub(crate) fn list(&self, query: &List) -> Call<'_, Vec<types::User>> {
            self.core
                .request(&LIST)
                .query("limit", &query.limit)
                .query("tags", &query.tags)
                .query_styled("ids", Style::Comma, &query.ids)
                .header("X-Trace", &query.trace)
                .cookie("sid", &query.sid)
                .answering(Reply::read)
        }
        pub(crate) fn put_raw(&self, body: impl Into<Body>) -> Call<'_, Raw> {
            self.core.request(&PUT_RAW).body("application/octet-stream", body).answering(|reply| match reply.status() {
                200 => reply.read().map(Raw::Ok),
                204 => Ok(Raw::NoContent),
                _ => Err(reply.unexpected()),
            })
        }
        pub(crate) fn upload(&self, body: &UploadFile) -> Call<'_, Download> {
            self.core.request(&UPLOAD).multipart(body.form()).streaming(Download::from_reply)
        }
        pub(crate) fn owner(&self) -> Call<'_, types::Owner> {
            self.core.request(&OWNER).answering(Reply::read)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_generated_client_works_from_end_to_end() -> Result<(), Error> {
    let script = Scripted::new([
        Step::json(200, r#"{"id": 7, "more": true}"#),
        Step::json(404, r#"{"detail": "no such user"}"#),
        Step::json(200, "[]"),
        Step::status(204),
        Step::status(200).body("streamed"),
        Step::json(200, r#"{"id": 7}"#),
        Step::json(200, "[1]"),
        Step::status(200),
    ]);
    let users = UserServiceClient::builder().base_url("http://users.test/api/v1").transport(script.clone()).build()?;
    assert_eq!(users.get_user(7).await?, types::User { id: 7 });
    let error = users.get_user(8).await.expect_err("not found");
    let detail = types::Detail { detail: "no such user".to_owned() };
    assert_eq!(error.failure(), Some(users::GetUserFailure::NotFound(detail)));
    let list = users::List {
        limit: Some(5),
        tags: vec!["a".to_owned(), "b".to_owned()],
        ids: vec![1, 2],
        ..Default::default()
    };
    assert!(users.list(&list).await?.is_empty());
    assert_eq!(users.put_raw("x").await?, users::Raw::NoContent);
    let upload = users::UploadFile { file: b"x".to_vec().into(), more: None, description: None, meta: None };
    assert_eq!(users.upload(&upload).await?.bytes().await?, "streamed");
    assert_eq!(users.owner().await?, types::Owner::User(types::User { id: 7 }));
    assert_eq!(users.owner().await?, types::Owner::Unknown(serde_json::json!([1])));
    assert!(users.health().await?.ok);
    users.close().await;
    assert!(users.ready().await.expect_err("closed").is_closed());

    let addresses: Vec<_> = script.seen().iter().map(|seen| seen.uri.to_string()).collect();
    assert_eq!(
        addresses,
        [
            "http://users.test/api/v1/users/7",
            "http://users.test/api/v1/users/8",
            "http://users.test/api/v1/users/?limit=5&tags=a&tags=b&ids=1,2",
            "http://users.test/raw",
            "https://uploads.example.org/v2/upload",
            "http://users.test/api/v1/owner",
            "http://users.test/api/v1/owner",
            "http://users.test/health",
        ]
    );
    assert_eq!(script.seen()[0].headers["accept"], "application/vnd.design-synapse.v1+json");
    Ok(())
}

#[test]
fn clients_are_made_in_four_ways() -> Result<(), Error> {
    // Only the address is asked, so nothing needs to be there; the variables of this process are not set by any test.
    let made = [
        UserServiceClient::from_env()?,
        UserServiceClient::new("http://localhost:8001/api/v1")?,
        UserServiceClient::builder().build()?,
        UserServiceClient::from_registry(&ServiceRegistry::without_env())?,
    ];
    for client in made {
        assert_eq!(client.core.base_url(), "http://localhost:8001/api/v1");
    }
    Ok(())
}
