//! The webhooks a supplier writes, with the copies and delays its faults ask for.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::super::clock::after;
use super::super::outbox::{Message, Sender};
use super::Supplier;

impl Supplier {
    pub(super) fn announce_order(&mut self, index: usize, at: DateTime<Utc>) -> Vec<Message> {
        let data = json!(&self.orders[index].order);
        self.announce(index, "order.updated", data, at)
    }

    pub(super) fn announce_stock(&mut self, index: usize, at: DateTime<Utc>) -> Vec<Message> {
        let mut skus: Vec<&str> = self.orders[index].order.lines.iter().map(|line| line.sku.as_str()).collect();
        skus.sort_unstable();
        skus.dedup();
        let known = skus.into_iter().filter_map(|sku| self.stock.get(sku));
        let items: Vec<Value> = known.map(|item| json!({"sku": &item.sku, "quantity": item.quantity})).collect();
        self.announce(index, "stock.updated", json!({"asOf": at, "full": false, "items": items}), at)
    }

    /// Writes one webhook, and the copy or the delay its faults ask for.
    pub(super) fn announce(&mut self, index: usize, kind: &str, data: Value, at: DateTime<Utc>) -> Vec<Message> {
        if self.settings.webhook.is_none() {
            return Vec::new();
        }
        let stored = &mut self.orders[index];
        stored.messages += 1;
        let number = stored.messages.to_string();
        let until_next = stored.plan.front().map_or(TimeDelta::zero(), |next| (next.due - at).max(TimeDelta::zero()));
        let (stored, faults) = (&self.orders[index], &self.settings.faults);
        let hits = |probability, kind| self.dice.happens(probability, &self.path(index, &[kind, &number]));
        let delay = if hits(faults.late_webhook, "lateWebhook") {
            Some(2.0 + self.settings.lead_times.transit_seconds / self.time_scale / 2.0)
        } else if hits(faults.reorder_webhook, "reorderWebhook") {
            // Just past the next step, whose webhook thus arrives first.
            Some(0.3 + until_next.as_seconds_f64() * 1.2)
        } else {
            None
        };
        let id = self.dice.id("msg_", &[&self.key, &stored.order.id, &number]);
        let first = Message {
            id: id.clone(),
            webhook_id: id,
            sender: Sender::Supplier(Arc::clone(&self.key)),
            lane: delay.is_none().then(|| stored.order.id.clone()),
            due: delay.map_or(at, |seconds| after(at, seconds)),
            body: json!({"type": kind, "occurredAt": at, "data": data}).to_string().into(),
        };
        let copy = hits(faults.duplicate_webhook, "duplicateWebhook").then(|| first.copy_after(0.2));
        std::iter::once(first).chain(copy).collect()
    }
}
