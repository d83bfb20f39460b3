//! The simulator's mailbox, as the store's mailer meets it.

use std::sync::{Arc, Mutex};

use consign::platform::config::Config;
use consign::platform::mail::{Mailer, Message};
use consign::simulator::mailbox;

async fn a_mail_is_told_with_its_subject() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&got);
    let url = mailbox(move |mail| seen.lock().unwrap().push(mail)).await.expect("a mailbox");
    let mailer = Mailer::new(&Config { smtp_url: Some(url.as_str().into()), ..Config::default() }).unwrap();
    let message = Message {
        cc: None,
        reply_to: None,
        files: vec![],
        to: "ada@example.com".to_owned(),
        subject: "Your order 1001 – thank you for shopping with us, dear Zoë, in this long subject line".to_owned(),
        text: "Hello\n.\nthere".to_owned(),
        message_id: "evt_1".to_owned(),
        date: chrono::DateTime::UNIX_EPOCH,
    };
    mailer.send(Some("shop@example.com"), message.clone()).await.expect("sent");
    let got = got.lock().unwrap();
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].to.as_str(), &got[0].subject), ("ada@example.com", &message.subject));
    assert!(got[0].message_id.contains("evt_1"), "{:?}", got[0]);
}

crate::plain_tests![a_mail_is_told_with_its_subject];
