//! More buyers than uses of a discount code.

use anyhow::ensure;
use serde_json::json;

use super::super::client::user_errors;
use super::carts::{confirm_all, orders, prepare};
use super::{CROWD, Lab, PLENTY, tell};

/// How often a code may be used.
const USES: usize = 5;

/// A code is used as often as it may be.
pub async fn run(lab: &mut Lab) -> anyhow::Result<()> {
    for round in 0..lab.rounds {
        let code = format!("HALF{round}");
        create(lab, &code).await?;
        let mut carts = Vec::new();
        for buyer in 0..CROWD {
            let cart = prepare(&lab.client, lab.variant(PLENTY)?, 2, Some(&code)).await?;
            carts.push((format!("coupon-{round}-{buyer}"), cart));
        }
        let endings = confirm_all(&lab.client, carts, "tok_ok").await?;
        let orders = orders(endings, &["DISCOUNT_INVALID", "TOTAL_MISMATCH", "PRICE_CHANGED"])?;
        ensure!(orders.len() == USES, "{code} was used {} times of {USES}", orders.len());
        lab.placed.extend(orders);
    }
    tell("a code with five uses", lab.rounds, CROWD, "used five times");
    Ok(())
}

async fn create(lab: &Lab, code: &str) -> anyhow::Result<()> {
    let query = "mutation D($input: DiscountCreateInput!) { discountCreate(input: $input) \
                 { discount { id } userErrors { code message field } } }";
    let input = json!({ "code": code, "percent": "50", "usageLimit": USES });
    let data = lab.owner.once("discountCreate", query, &json!({ "input": input })).await?;
    let errors = user_errors(&data, "discountCreate");
    ensure!(errors.is_empty(), "{}", errors.join("; "));
    Ok(())
}
