//! The one way in for news from suppliers and payment providers: receive, store, dedupe, enqueue.
