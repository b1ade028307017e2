//! How are all six services had at once?

use std::collections::BTreeMap;

use crate::server::FakeService;

/// The six services of the platform.
#[derive(Debug)]
pub struct Platform {
    /// The user service.
    pub user: FakeService,
    /// The project service.
    pub project: FakeService,
    /// The knowledge service.
    pub knowledge: FakeService,
    /// The design service.
    pub design: FakeService,
    /// The analytics service.
    pub analytics: FakeService,
    /// The marketplace service.
    pub marketplace: FakeService,
}

impl Platform {
    /// Starts all six.
    ///
    /// # Errors
    /// If there are no ports to be had.
    pub async fn start() -> std::io::Result<Self> {
        Ok(Self {
            user: FakeService::user().await?,
            project: FakeService::project().await?,
            knowledge: FakeService::knowledge().await?,
            design: FakeService::design().await?,
            analytics: FakeService::analytics().await?,
            marketplace: FakeService::marketplace().await?,
        })
    }

    /// All six, in the order of their fields.
    pub fn services(&self) -> [&FakeService; 6] {
        [&self.user, &self.project, &self.knowledge, &self.design, &self.analytics, &self.marketplace]
    }

    /// The variables that lead to them: `USER_SERVICE_HOST`, `USER_SERVICE_PORT` and so on.
    pub fn env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for service in self.services() {
            let prefix = service.name().replace('-', "_").to_uppercase();
            env.insert(format!("{prefix}_HOST"), "127.0.0.1".to_owned());
            env.insert(format!("{prefix}_PORT"), service.port().to_string());
        }
        env
    }
}
