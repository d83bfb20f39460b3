//! From an event to the mail that tells of it.

use minijinja::{Value, context};

use super::entity::NotificationKind;
use super::templates::render;
use crate::app::App;
use crate::identity::credentials::{self, AccountMail};
use crate::identity::invitations;
use crate::identity::registrations::{self, RegistrationMail};
use crate::kernel::event::EventType;
use crate::kernel::ids::{ActionTokenId, OrderId};
use crate::kernel::problem::Fault;
use crate::orders::{self, order};
use crate::platform::outbox::entity::Model as Event;
use crate::shipments::{self, shipment};
use crate::store;

/// A mail about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mail {
    pub kind: NotificationKind,
    pub recipient: String,
    pub order_id: Option<OrderId>,
    /// Who the store says it is, if the operator has not.
    pub sender: Option<String>,
    pub subject: String,
    pub text: String,
}

/// The mail that tells of `event`, if one does.
pub(super) async fn compose(app: &App, event: &Event) -> Result<Option<Mail>, Fault> {
    match event.kind {
        EventType::CustomerRegistered => about_registration(app, event).await,
        EventType::PasswordResetRequested
        | EventType::EmailChangeRequested
        | EventType::EmailConfirmationRequested
        | EventType::PasswordChanged => about_account(app, event).await,
        EventType::StaffInvited => about_invitation(app, event).await,
        EventType::OrderPlaced
        | EventType::OrderAddressChanged
        | EventType::OrderCancelled
        | EventType::PaymentRefunded
        | EventType::ShipmentCreated
        | EventType::ShipmentDelivered => about_order(app, event).await,
        _ => Ok(None),
    }
}

async fn about_registration(app: &App, event: &Event) -> Result<Option<Mail>, Fault> {
    let id = event.data.get("registrationId").and_then(|it| it.as_str());
    let id = id.and_then(|it| it.parse::<ActionTokenId>().ok());
    let id = id.ok_or_else(|| Fault::internal("a registration's event does not say which"))?;
    let Some(mail) = registrations::mail_for(app, id).await? else { return Ok(None) };
    let settings = store::settings(app.db.read()).await?;
    let (kind, template, recipient, token) = match mail {
        RegistrationMail::Verify { email, token } => {
            (NotificationKind::EmailVerification, "email_verification", email, token)
        }
        RegistrationMail::AlreadyRegistered { email } => {
            (NotificationKind::AlreadyRegistered, "already_registered", email, String::new())
        }
    };
    let link = format!("{}/account/verify?token={token}", app.config.base_url());
    let (subject, text) = render(template, context! { shop => settings.name, link, token })?;
    Ok(Some(Mail { kind, recipient, order_id: None, sender: settings.sender, subject, text }))
}

async fn about_account(app: &App, event: &Event) -> Result<Option<Mail>, Fault> {
    let mail = if event.kind == EventType::PasswordChanged {
        credentials::mail_to(app, &event.stream).await?
    } else {
        let id = event.data.get("actionId").and_then(|it| it.as_str()).and_then(|it| it.parse::<ActionTokenId>().ok());
        let id = id.ok_or_else(|| Fault::internal("an account's event does not say which action"))?;
        credentials::mail_for(app, event.kind, id).await?
    };
    let Some(mail) = mail else { return Ok(None) };
    let none = String::new;
    let (kind, template, path, recipient, token) = match mail {
        AccountMail::ResetPassword { email, token } => {
            (NotificationKind::PasswordReset, "password_reset", "reset", email, token)
        }
        AccountMail::ConfirmEmail { email, token } => {
            (NotificationKind::EmailChange, "email_change", "email", email, token)
        }
        AccountMail::PasswordChanged { email } => {
            (NotificationKind::PasswordChanged, "password_changed", "", email, none())
        }
        AccountMail::EmailTaken { email } => (NotificationKind::EmailTaken, "email_taken", "", email, none()),
        AccountMail::EmailChanging { email } => {
            (NotificationKind::EmailChangeNotice, "email_change_notice", "", email, none())
        }
    };
    let settings = store::settings(app.db.read()).await?;
    let link = format!("{}/account/{path}?token={token}", app.config.base_url());
    let (subject, text) = render(template, context! { shop => settings.name, link, token })?;
    Ok(Some(Mail { kind, recipient, order_id: None, sender: settings.sender, subject, text }))
}

async fn about_invitation(app: &App, event: &Event) -> Result<Option<Mail>, Fault> {
    let id = event.data.get("invitationId").and_then(|it| it.as_str()).and_then(|it| it.parse().ok());
    let id = id.ok_or_else(|| Fault::internal("an invitation's event does not say which"))?;
    let Some(mail) = invitations::mail_for(app, id).await? else { return Ok(None) };
    let settings = store::settings(app.db.read()).await?;
    let link = format!("{}/staff/join?token={}", app.config.base_url(), mail.token);
    let data = context! { shop => settings.name, link, token => mail.token };
    let (subject, text) = render("staff_invitation", data)?;
    let kind = NotificationKind::StaffInvitation;
    Ok(Some(Mail { kind, recipient: mail.email, order_id: None, sender: settings.sender, subject, text }))
}

async fn about_order(app: &App, event: &Event) -> Result<Option<Mail>, Fault> {
    let (kind, template) = match event.kind {
        EventType::OrderPlaced => (NotificationKind::OrderConfirmation, "order_confirmation"),
        EventType::ShipmentCreated => (NotificationKind::OrderShipped, "order_shipped"),
        EventType::ShipmentDelivered => (NotificationKind::OrderDelivered, "order_delivered"),
        EventType::OrderAddressChanged => (NotificationKind::OrderAddressChanged, "order_address_changed"),
        EventType::PaymentRefunded => (NotificationKind::OrderRefunded, "order_refunded"),
        _ => (NotificationKind::OrderCancelled, "order_cancelled"),
    };
    let conn = app.db.read();
    let id = event.order_id.ok_or_else(|| Fault::internal("an order's event does not say which"))?;
    let order = orders::lookup(conn, id).await?.ok_or_else(|| Fault::internal("the order of an event is gone"))?;
    // Nobody is left to be told.
    if order.erased_at.is_some() {
        return Ok(None);
    }
    let parcel = match event.shipment_id {
        Some(id) => shipments::lookup(conn, id).await?,
        None => None,
    };
    let settings = store::settings(conn).await?;
    let data = describe(app, event, &order, parcel, &settings.name).await?;
    let (subject, text) = render(template, data)?;
    let sender = settings.sender;
    Ok(Some(Mail { kind, recipient: order.email, order_id: Some(order.id), sender, subject, text }))
}

/// What the templates about orders may name.
async fn describe(
    app: &App,
    event: &Event,
    order: &order::Model,
    parcel: Option<shipment::Model>,
    shop: &str,
) -> Result<Value, Fault> {
    let token = orders::tracking_token(app, order)?;
    let lines = orders::lines_of(app.db.read(), &[order.id]).await?;
    let lines = lines.into_iter().map(|line| {
        let total = order.money(line.subtotal).to_string();
        context! { quantity => line.quantity, title => line.title, total }
    });
    let (carrier, tracking_number, tracking_url) =
        parcel.map(|it| (it.carrier, it.tracking_number, it.tracking_url)).unwrap_or_default();
    Ok(context! {
        shop,
        number => order.number,
        link => format!("{}/orders/track?token={token}", app.config.base_url()),
        total => order.money(order.total).to_string(),
        shipping => order.money(order.shipping).to_string(),
        // The event's own sentence is written for customers.
        message => event.message.as_str(),
        lines => lines.collect::<Vec<Value>>(),
        carrier,
        tracking_number,
        tracking_url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about_order(tracking_number: Option<&str>) -> Value {
        let line = context! { quantity => 2, title => "Mug <blue>", total => "25.00 EUR" };
        context! {
            shop => "Ada's shop",
            number => 1001,
            link => "https://shop.example.com/orders/track?token=t",
            total => "30.00 EUR",
            shipping => "5.00 EUR",
            message => "the order was cancelled",
            lines => vec![line],
            carrier => "DHL",
            tracking_number,
            tracking_url => Option::<String>::None,
        }
    }

    #[test]
    fn every_mail_about_an_order_can_be_written() {
        let all = ["confirmation", "shipped", "delivered", "cancelled", "address_changed", "refunded"];
        for template in all.map(|it| format!("order_{it}")) {
            for number in [None, Some("JD014600003")] {
                let (subject, text) = render(&template, about_order(number)).expect("a mail");
                assert!(subject.contains("1001"), "{subject}");
                assert!(text.contains("https://shop.example.com/orders/track?token=t\n"), "{text}");
            }
        }
    }

    #[test]
    fn a_confirmation_lists_what_was_bought() {
        let (subject, text) = render("order_confirmation", about_order(None)).expect("a mail");
        assert_eq!(subject, "Your order 1001 at Ada's shop");
        assert!(text.contains("\n  2 x Mug <blue>: 25.00 EUR\n  Shipping: 5.00 EUR\n  Total: 30.00 EUR\n"), "{text}");
    }

    #[test]
    fn the_mails_to_a_new_address_and_to_a_known_one_differ() {
        let data = context! { shop => "Shop", link => "https://x/v", token => "cvt_1" };
        let (_, text) = render("email_verification", data.clone()).expect("a mail");
        assert!(text.contains("https://x/v\n") && text.contains("\ncvt_1\n"), "{text}");
        let (subject, text) = render("already_registered", data).expect("a mail");
        assert!(subject.starts_with("You already have an account") && !text.contains("cvt_1"), "{text}");
    }

    #[test]
    fn only_the_mails_that_ask_for_a_token_carry_it() {
        let data = context! { shop => "Shop", link => "https://x/v", token => "cvt_1" };
        for (template, carries) in [
            ("password_reset", true),
            ("email_change", true),
            ("password_changed", false),
            ("email_taken", false),
            ("email_change_notice", false),
        ] {
            let (subject, text) = render(template, data.clone()).expect("a mail");
            assert!(subject.contains("Shop"), "{subject}");
            assert_eq!(text.contains("cvt_1"), carries, "{text}");
        }
    }
}
