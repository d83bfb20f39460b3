//! Mails about what happened, once per event.
