//! The shop every story begins with, made once and copied: three things, two suppliers that are sent
//! their orders and one that comes to the portal, few of each thing, and a discount for two.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use consign::kernel::clock::Clock;
use consign::kernel::ids::{SupplierId, VariantId};
use consign::platform::{jobs, outbox};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::clock::{Watch, beginning};
use super::net::Net;
use super::process::{Place, Process};
use super::run;
use crate::support::app::{TestApp, WEBHOOK_SECRET};
use crate::support::engines::{Engine, Site};
use crate::support::gql::Client;
use crate::support::{shop, stock, trade};

/// The discount's code, which may be used twice.
pub const CODE: &str = "TWICE";

/// The shop.
pub struct Shop {
    file: PathBuf,
    _folder: TempDir,
    /// The suppliers that are sent their orders.
    pub wired: [SupplierId; 2],
    /// The supplier at the portal.
    pub portal: SupplierId,
    /// What is sold.
    pub variants: Vec<VariantId>,
    /// What is on the wired suppliers' shelves.
    pub shelves: Vec<(SupplierId, &'static str, i64)>,
}

static SHOP: OnceLock<Shop> = OnceLock::new();

/// The shop. Not to be asked for inside of a runtime.
pub fn shop() -> &'static Shop {
    SHOP.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_stack_size(run::STACK).enable_all().build();
        let shop = runtime.expect("a runtime starts").block_on(open());
        settle(&shop.file);
        shop
    })
}

/// A folder for a story: in memory if the machine has such a place, since nothing here loses power.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    folder.expect("a folder")
}

impl Shop {
    /// Opens a branch of the shop: its database, in `folder`.
    pub fn branch(&self, folder: &Path) -> String {
        let file = folder.join("consign.db");
        std::fs::copy(&self.file, &file).expect("the shop is copied");
        format!("sqlite://{}", file.display())
    }
}

async fn open() -> Shop {
    let site = Site::make(&Engine::Sqlite).await;
    let app = TestApp::start_at(&site, Clock::manual(beginning())).await;
    let remains = app.parts();
    let (shelves, wired, portal, variants) = fill(&app).await;
    let folder = folder();
    let file = folder.path().join("shop.db");
    let copy = format!("VACUUM INTO '{}'", file.display());
    app.app.db.write().execute_unprepared(&copy).await.expect("the shop is written");
    remains.stop().await;
    site.remove().await;
    Shop { file, _folder: folder, wired, portal, variants, shelves }
}

/// Does what the opening left to do, with the partners that stories have.
fn settle(file: &Path) {
    let (watch, net) = (Watch::at(beginning()), Net::default());
    let database_url = format!("sqlite://{}", file.display());
    let process: Process<()> =
        Process::start(&Place { database_url: &database_url, watch: &watch, net: &net, seed: 0 });
    process.wait(async {
        jobs::run_due(&process.app, &process.handlers).await.expect("jobs run");
        outbox::assign_positions(&process.app).await.expect("events are numbered");
        process.app.db.write().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.expect("a checkpoint");
    });
    process.wait(process.app.db.clone().close());
}

type Filled = (Vec<(SupplierId, &'static str, i64)>, [SupplierId; 2], SupplierId, Vec<VariantId>);

async fn fill(app: &TestApp) -> Filled {
    let owner = trade::open(app).await;
    let settings = |name: &str| json!({ "baseUrl": format!("http://127.0.0.1/{name}"), "token": "t", "webhookSecret": WEBHOOK_SECRET });
    let near = stock::supplier(&owner, "Near", "http", settings("near")).await;
    let far = stock::supplier(&owner, "Far", "http", settings("far")).await;
    let portal = stock::portal_supplier(&owner, "Portal").await;
    for supplier in [near, far, portal] {
        shop::service(&owner, supplier, "STD", "5.00").await;
    }
    let names = stock::variants(&owner, 3).await;
    let goods = [
        (near, 0, "N-0", 4, "4.00"),
        (near, 1, "N-1", 3, "4.00"),
        (far, 0, "F-0", 3, "5.00"),
        (far, 1, "F-1", 3, "3.00"),
        (portal, 0, "P-0", 3, "6.00"),
        (portal, 2, "P-2", 4, "4.00"),
    ];
    for (supplier, variant, sku, _, cost) in goods {
        let cost = json!({ "cost": { "amount": cost, "currencyCode": "EUR" } });
        stock::offer(&owner, supplier, &names[variant], sku, cost).await;
    }
    for supplier in [near, far, portal] {
        let own: Vec<(&str, i64)> = goods.iter().filter(|it| it.0 == supplier).map(|it| (it.2, it.3)).collect();
        let teller = app.as_supplier(supplier).await;
        stock::report(&teller, beginning(), false, Value::Null, &own).await.done("supplierStockReport");
    }
    discount(&owner).await;
    let shelves = goods.iter().filter(|it| it.0 != portal).map(|it| (it.0, it.2, it.3)).collect();
    (shelves, [near, far], portal, names.iter().map(|it| it.parse().expect("a variant's id")).collect())
}

async fn discount(owner: &Client) {
    let create = "mutation($input: DiscountCreateInput!) { discountCreate(input: $input) {
        discount { id } userErrors { code field message } } }";
    let input = json!({ "code": CODE, "percent": "10", "usageLimit": 2 });
    owner.run(create, json!({ "input": input })).await.done("discountCreate");
}
