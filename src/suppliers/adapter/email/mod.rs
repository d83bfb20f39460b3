//! Suppliers who take orders by mail: a text for people, the same as a CSV file for programs, and as a page
//! to print. Nobody answers a mail by a protocol: the supplier answers by the link in it, in its part of the
//! schema, or the store's people answer for it (`fulfillment/portal.rs`).
//!
//! An order's mail has one id, whenever it is sent: the supplier order's. A mail server that took it and one
//! that may have taken it are told apart; nobody can be asked what became of a mail, so the latter is for a
//! person to find out. What the supplier reads is between it and the store: the store's name goes onto the
//! parcel, and nothing tells what the customer paid.

mod letter;
mod page;
mod sheet;

use async_trait::async_trait;
use axum::http::HeaderMap;

use super::{
    AdapterError, CancelAnswer, Cancelling, Capabilities, CatalogAccess, InboundMessage, OrderRequest, RemoteOrder,
    RemoteStatus, StockAccess, SupplierAdapter, WebhookError,
};
use crate::app::App;
use crate::identity::order_links::{self, NewLink};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::Fault;
use crate::platform::mail::{File, MailError, Message};
use crate::store;
use crate::suppliers::settings::{Setting, SettingKind, Settings};
use crate::suppliers::supplier;

/// How many days a link is good for if nothing is said.
const LINK_DAYS: i64 = 30;

/// What stands in a supplier's settings.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "to",
        kind: SettingKind::Email,
        required: true,
        about: "The address orders are sent to. Whoever reads it can answer for the supplier.",
    },
    Setting {
        name: "cc",
        kind: SettingKind::Email,
        required: false,
        about: "An address that gets a copy, with the link.",
    },
    Setting {
        name: "replyTo",
        kind: SettingKind::Email,
        required: false,
        about: "Where the supplier's replies go; to the sender of the store's mails without.",
    },
    Setting {
        name: "pdf",
        kind: SettingKind::Choice(&["ATTACH", "LEAVE_OUT"]),
        required: false,
        about: "Whether the order comes as a page to print, too. It does without.",
    },
    Setting {
        name: "linkDays",
        kind: SettingKind::Whole(1, 180),
        required: false,
        about: "How many days the link in a mail can be used to answer; 30 without.",
    },
];

/// A supplier with a mailbox.
pub(super) struct Email {
    app: App,
    supplier_id: SupplierId,
    to: String,
    cc: Option<String>,
    reply_to: Option<String>,
    pdf: bool,
    link_days: i64,
}

impl Email {
    /// As its settings say; `None` if they lack the address.
    pub(super) fn new(app: &App, supplier: &supplier::Model, settings: &Settings) -> Option<Self> {
        Some(Self {
            app: app.clone(),
            supplier_id: supplier.id,
            to: settings.text("to")?.to_owned(),
            cc: settings.text("cc").map(str::to_owned),
            reply_to: settings.text("replyTo").map(str::to_owned),
            pdf: settings.text("pdf") != Some("LEAVE_OUT"),
            link_days: settings.whole("linkDays").unwrap_or(LINK_DAYS),
        })
    }

    /// A link to what the supplier knows by `reference`.
    async fn link(&self, reference: &str) -> Result<NewLink, AdapterError> {
        let id: SupplierOrderId = reference.parse().map_err(|_| not_sent("there is no supplier order of this name"))?;
        order_links::make(&self.app, id, self.supplier_id, self.link_days).await.map_err(broken)
    }

    async fn send(&self, message_id: String, letter: letter::Letter, files: Vec<File>) -> Result<(), AdapterError> {
        let sender = store::settings(self.app.db.read()).await.map_err(broken)?.sender;
        let message = Message {
            to: self.to.clone(),
            cc: self.cc.clone(),
            reply_to: self.reply_to.clone(),
            subject: letter.subject,
            text: letter.text,
            files,
            message_id,
            date: self.app.clock.now(),
        };
        match self.app.mailer.send_once(sender.as_deref(), message).await {
            Ok(()) => Ok(()),
            Err(error @ MailError::Unknown(_)) => Err(AdapterError::Unknown { reason: error.to_string() }),
            // Even what the server refuses for good may be mended: the address, or the server's opinion of us.
            Err(error) => Err(not_sent(&error.to_string())),
        }
    }
}

/// It is surely not sent.
fn not_sent(reason: &str) -> AdapterError {
    AdapterError::Retry { reason: reason.to_owned(), after: None }
}

/// It is surely not sent, for a reason that is ours.
fn broken(fault: Fault) -> AdapterError {
    tracing::error!(error = ?fault, "an order's mail cannot be written");
    not_sent("the mail could not be written")
}

/// Nothing can be asked of a mailbox.
fn mute() -> AdapterError {
    not_sent("a supplier with a mailbox cannot be asked")
}

/// An order that is in the supplier's mailbox, under no name but ours.
fn unanswered(reference: &str) -> RemoteOrder {
    RemoteOrder {
        id: reference.to_owned(),
        reference: reference.to_owned(),
        status: RemoteStatus::Pending,
        estimated_ship_at: None,
        lines: vec![],
        shipping_cost: None,
        rejection: None,
        shipments: vec![],
    }
}

#[async_trait]
impl SupplierAdapter for Email {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            submits: true,
            lookup_by_reference: false,
            cancels: Cancelling::Message,
            trials: false,
            stock: StockAccess::Told,
            catalog: CatalogAccess::Hidden,
            pushes: false,
            registers: false,
        }
    }

    async fn check(&self) -> Result<(), AdapterError> {
        match self.app.mailer.greet().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_sent("the mail server is not ready")),
            Err(error) => Err(not_sent(&error.to_string())),
        }
    }

    async fn submit(&self, order: &OrderRequest) -> Result<RemoteOrder, AdapterError> {
        let link = self.link(&order.reference).await?;
        let said = letter::order_lines(order);
        let page = if self.pdf { page::print(&said) } else { None };
        let letter = letter::about_order(order, &said, &link, self.pdf && page.is_none());
        let sheet =
            File { name: "purchase-order.csv", media_type: "text/csv; charset=utf-8", content: sheet::write(order) };
        let page = page.map(|content| File { name: "purchase-order.pdf", media_type: "application/pdf", content });
        self.send(order.reference.clone(), letter, std::iter::once(sheet).chain(page).collect()).await?;
        Ok(unanswered(&order.reference))
    }

    async fn find(&self, _reference: &str) -> Result<Option<RemoteOrder>, AdapterError> {
        Err(mute())
    }

    /// Each time a mail of its own: to be asked twice to send nothing does no harm, and to be asked again
    /// after a no must not look like the mail before.
    async fn cancel(&self, reference: &str, reason: &str) -> Result<CancelAnswer, AdapterError> {
        let link = self.link(reference).await?;
        let store_name = store::settings(self.app.db.read()).await.map_err(broken)?.name;
        let letter = letter::about_cancellation(&store_name, reference, reason, &link);
        self.send(format!("{reference}.cancel.{}", link.id), letter, vec![]).await?;
        Ok(CancelAnswer::Pending(unanswered(reference)))
    }

    async fn read_webhook(
        &self,
        _headers: &HeaderMap,
        _body: &[u8],
        _now: Timestamp,
    ) -> Result<InboundMessage, WebhookError> {
        Err(WebhookError::Forged)
    }
}
