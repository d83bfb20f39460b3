//! Filling a cart, and saying yes to it.

use async_graphql::{Context, Object, SimpleObject};

use super::inputs::{
    AddressInput, CartContactInput, CartCreateInput, CartLineInput, CartLineUpdateInput, CheckoutCompleteInput,
};
use super::types::{self, Cart, CheckoutUserError};
use crate::checkout::{self, CheckoutError, LineChange, NewLine};
use crate::graph::{ContextExt, GlobalId, Nullable, SharedFault, nullable, payload, required};
use crate::kernel::ids::{CartId, ParcelId, ShippingServiceId};
use crate::kernel::problem::Fault;
use crate::orders::graphql::Order;
use crate::payments::graphql::Payment;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The cart as it is now; null if the change was refused.
            cart: Option<Cart>,
            /// Why the change was refused; empty if it was not.
            user_errors: Vec<CheckoutUserError>,
        }

        impl $name {
            async fn of(ctx: &Context<'_>, result: Result<checkout::Cart, CheckoutError>) -> Nullable<Self> {
                let split = shown(ctx, result).await;
                required(split.map(|(cart, user_errors)| Self { cart, user_errors }))
            }
        }
    )*};
}

payloads! {
    /// The answer to a new cart.
    CartCreatePayload;
    /// The answer to added lines.
    CartLinesAddPayload;
    /// The answer to changed lines.
    CartLinesUpdatePayload;
    /// The answer to the buyer's contact.
    CartContactSetPayload;
    /// The answer to a shipping address.
    CartShippingAddressSetPayload;
    /// The answer to a billing address.
    CartBillingAddressSetPayload;
    /// The answer to a shipping option.
    CartShippingOptionSelectPayload;
    /// The answer to discount codes.
    CartDiscountCodesSetPayload;
    /// The answer to a claim.
    CartClaimPayload;
}

async fn shown(
    ctx: &Context<'_>,
    result: Result<checkout::Cart, CheckoutError>,
) -> Result<(Option<Cart>, Vec<CheckoutUserError>), Fault> {
    let (cart, user_errors) = payload(result)?;
    let cart = match cart {
        Some(cart) => Some(Cart::load(ctx, cart).await?),
        None => None,
    };
    Ok((cart, user_errors))
}

/// The answer to a buyer's yes.
pub struct CheckoutCompletePayload {
    completion: Option<checkout::Completion>,
    user_errors: Vec<CheckoutUserError>,
}

/// The answer to a buyer's yes. A payment without an order and without user errors is still running: the
/// cart's `completion` tells its outcome.
#[Object]
impl CheckoutCompletePayload {
    /// The order; null until there is one.
    async fn order(&self, ctx: &Context<'_>) -> Nullable<Order> {
        nullable(self.find_order(ctx).await)
    }

    /// The payment; null if the checkout was refused before one was begun.
    async fn payment(&self, ctx: &Context<'_>) -> Nullable<Payment> {
        nullable(self.find_payment(ctx).await)
    }

    /// Why there is no order; empty if there is one, or the payment is still running.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn user_errors(&self) -> &[CheckoutUserError] {
        &self.user_errors
    }
}

impl CheckoutCompletePayload {
    fn of(result: Result<checkout::Completion, CheckoutError>) -> Nullable<Self> {
        let split = payload(result).map(|(completion, refused)| {
            let failed = completion.as_ref().map(types::user_errors).unwrap_or_default();
            Self { completion, user_errors: [refused, failed].concat() }
        });
        required(split)
    }

    async fn find_order(&self, ctx: &Context<'_>) -> Result<Option<Order>, SharedFault> {
        match &self.completion {
            Some(completion) => types::order(ctx, completion).await,
            None => Ok(None),
        }
    }

    async fn find_payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>, SharedFault> {
        match &self.completion {
            Some(completion) => types::payment(ctx, completion).await,
            None => Ok(None),
        }
    }
}

/// The mutations of carts.
#[derive(Default)]
pub struct CheckoutMutation;

#[Object]
impl CheckoutMutation {
    /// Makes a cart. Its id is the right to use it; a signed-in customer's cart is theirs alone.
    async fn cart_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is known so far.")] input: CartCreateInput,
    ) -> Nullable<CartCreatePayload> {
        CartCreatePayload::of(ctx, checkout::create(ctx.app(), ctx.actor(), input.into()).await).await
    }

    /// Adds lines; a variant that is in the cart already gets more.
    async fn cart_lines_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "What to add, at most 250 lines; a cart has at most 1,000.")] lines: Vec<CartLineInput>,
    ) -> Nullable<CartLinesAddPayload> {
        let lines: Vec<NewLine> = lines.into_iter().map(NewLine::from).collect();
        let result = checkout::add_lines(ctx.app(), ctx.actor(), cart_id.0, &lines).await;
        CartLinesAddPayload::of(ctx, result).await
    }

    /// Changes how many there are of some lines, or removes them.
    async fn cart_lines_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "The new quantities, at most 250.")] lines: Vec<CartLineUpdateInput>,
    ) -> Nullable<CartLinesUpdatePayload> {
        let lines: Vec<LineChange> = lines.into_iter().map(LineChange::from).collect();
        let result = checkout::update_lines(ctx.app(), ctx.actor(), cart_id.0, &lines).await;
        CartLinesUpdatePayload::of(ctx, result).await
    }

    /// Says how to reach the buyer.
    async fn cart_contact_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "How.")] input: CartContactInput,
    ) -> Nullable<CartContactSetPayload> {
        let result = checkout::set_contact(ctx.app(), ctx.actor(), cart_id.0, input.into()).await;
        CartContactSetPayload::of(ctx, result).await
    }

    /// Says where it goes.
    async fn cart_shipping_address_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "Where.")] address: AddressInput,
    ) -> Nullable<CartShippingAddressSetPayload> {
        let result = checkout::set_shipping_address(ctx.app(), ctx.actor(), cart_id.0, address.into()).await;
        CartShippingAddressSetPayload::of(ctx, result).await
    }

    /// Says who pays, if not the shipping address.
    async fn cart_billing_address_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "Who.")] address: AddressInput,
    ) -> Nullable<CartBillingAddressSetPayload> {
        let result = checkout::set_billing_address(ctx.app(), ctx.actor(), cart_id.0, address.into()).await;
        CartBillingAddressSetPayload::of(ctx, result).await
    }

    /// Picks how a parcel is sent. Without a pick it is sent the cheapest way.
    async fn cart_shipping_option_select(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "The parcel.")] parcel_id: GlobalId<ParcelId>,
        #[graphql(desc = "One of the parcel's options.")] shipping_option_id: GlobalId<ShippingServiceId>,
    ) -> Nullable<CartShippingOptionSelectPayload> {
        let (parcel_id, option_id) = (parcel_id.0, shipping_option_id.0);
        let result = checkout::select_shipping_option(ctx.app(), ctx.actor(), cart_id.0, parcel_id, option_id).await;
        CartShippingOptionSelectPayload::of(ctx, result).await
    }

    /// Replaces the discount codes; if one does not apply, none is changed.
    async fn cart_discount_codes_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "The codes, in the order they apply, at most 10.")] codes: Vec<String>,
    ) -> Nullable<CartDiscountCodesSetPayload> {
        let result = checkout::set_discount_codes(ctx.app(), ctx.actor(), cart_id.0, codes).await;
        CartDiscountCodesSetPayload::of(ctx, result).await
    }

    /// Takes a guest's cart along after signing in. If the customer who asks has an open cart already, the
    /// guest's lines are added to it, up to the bounds of a cart, and the guest's cart and its id are gone;
    /// the cart that is left is answered. For customers.
    async fn cart_claim(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The guest's cart.")] cart_id: GlobalId<CartId>,
    ) -> Nullable<CartClaimPayload> {
        CartClaimPayload::of(ctx, checkout::claim(ctx.app(), ctx.actor(), cart_id.0).await).await
    }

    /// Says yes: holds the goods, asks the payment provider, places the order. If the provider takes its
    /// time, the answer is a payment without an order, and the cart's `completion` tells the outcome.
    async fn checkout_complete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cart.")] cart_id: GlobalId<CartId>,
        #[graphql(desc = "What is said yes to.")] input: CheckoutCompleteInput,
    ) -> Nullable<CheckoutCompletePayload> {
        let result = match input.try_into() {
            Ok(input) => checkout::complete(ctx.app(), ctx.actor(), cart_id.0, input).await,
            Err(error) => Err(error),
        };
        CheckoutCompletePayload::of(result)
    }
}
