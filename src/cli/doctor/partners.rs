//! Those the store depends on: the mail server, payment providers, suppliers. Each is asked something
//! that changes nothing and that only whoever knows the store's secret is answered.

use futures_util::future::join_all;

use super::Scene;
use super::finding::Finding;
use crate::platform::mail::MailError;
use crate::suppliers::{self, adapter_for, supplier};

/// A name under which nobody has anything of ours.
const NOTHING: &str = "consign-doctor";

pub async fn check(scene: &Scene) -> Vec<Finding> {
    let mut findings = vec![scene.bounded("mail", mail(scene)).await];
    for name in scene.app.gateways.names() {
        let check = format!("gateway {name}");
        findings.push(scene.bounded(&check, gateway(scene, name)).await);
    }
    if scene.app.gateways.names().is_empty() {
        findings.push(Finding::warn("gateways", "none is configured: nobody can pay"));
    }
    match suppliers::active(scene.app.db.read()).await {
        Ok(all) => {
            let checks = all.iter().map(|it| async move {
                let check = format!("supplier {}", it.name);
                scene.bounded(&check, supplier(scene, it)).await
            });
            findings.extend(join_all(checks).await);
        }
        Err(error) => findings.push(Finding::fail("suppliers", format!("cannot be told: {error:?}"))),
    }
    findings
}

async fn mail(scene: &Scene) -> anyhow::Result<Finding> {
    let check = "mail";
    Ok(match scene.app.mailer.greet().await {
        Ok(true) => Finding::ok(check, "the mail server greets"),
        Ok(false) => Finding::warn(check, "the mail server greets and is not ready; mails wait until it is"),
        Err(MailError::NotConfigured) => Finding::warn(check, "set CONSIGN_SMTP_URL: until then mails wait"),
        Err(error) => Finding::fail(check, format!("{error}; mails wait: correct CONSIGN_SMTP_URL or mend the server")),
    })
}

async fn gateway(scene: &Scene, name: &str) -> anyhow::Result<Finding> {
    let check = format!("gateway {name}");
    let Some(gateway) = scene.app.gateways.get(name) else { return Ok(Finding::fail(check, "is not configured")) };
    Ok(match gateway.find(NOTHING).await {
        Ok(_) if gateway.is_test() => Finding::warn(check, "answers, and moves no real money"),
        Ok(_) => Finding::ok(check, "answers"),
        Err(error) => Finding::fail(check, format!("{error}: nobody can pay with it")),
    })
}

async fn supplier(scene: &Scene, supplier: &supplier::Model) -> anyhow::Result<Finding> {
    let check = format!("supplier {}", supplier.name);
    let adapter = match adapter_for(&scene.app, supplier) {
        Ok(adapter) => adapter,
        Err(fault) => {
            let fault = anyhow::Error::from(fault);
            return Ok(Finding::fail(
                check,
                format!("{fault:#}: is CONSIGN_SECRET_KEY the one that sealed its settings?"),
            ));
        }
    };
    if !adapter.capabilities().lookup_by_reference {
        return Ok(Finding::ok(check, "comes to us"));
    }
    Ok(match adapter.find(NOTHING).await {
        Ok(_) => Finding::ok(check, "answers"),
        Err(error) => Finding::fail(check, format!("{error}; its orders wait, the others' do not")),
    })
}
