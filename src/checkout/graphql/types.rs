//! The objects.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::catalog::graphql::ProductVariant;
use crate::checkout::{self, CheckoutErrorCode as Code, Completion, CompletionStatus, LineView, ParcelView, View};
use crate::graph::scalars::{Address, DateTime, DeliveryWindow};
use crate::graph::{ContextExt, GlobalId, Nullable, SharedFault, nullable};
use crate::kernel::ids::{CartId, CartLineId, OrderId, ParcelId, PaymentAttemptId, ShippingServiceId};
use crate::kernel::money::Money;
use crate::orders::graphql::{Order, OrderLoader};
use crate::payments::graphql::{Payment, PaymentLoader};
use crate::pricing::Quote;
use crate::routing::ServiceOption;
use crate::user_error;

/// What can be wrong with a cart, or keep it from being bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub enum CheckoutErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// There is no such cart, line, variant, parcel or shipping option.
    NotFound,
    /// Fewer can be had than are wanted.
    OutOfStock,
    /// A price changed since the line was last changed.
    PriceChanged,
    /// The total is not the one the buyer confirmed.
    TotalMismatch,
    /// The confirmed total is in another currency than the store's.
    CurrencyMismatch,
    /// An address is missing or incomplete.
    AddressInvalid,
    /// It cannot be sent there.
    NotShippable,
    /// A parcel has no shipping option.
    ShippingOptionRequired,
    /// There is no e-mail address to write to.
    ContactRequired,
    /// A discount code does not apply, or not any more.
    DiscountInvalid,
    /// The payment was refused, or was not completed.
    PaymentDeclined,
    /// The cart became an order already.
    CartCompleted,
    /// The idempotency key was used with another input.
    IdempotencyKeyReused,
    /// A payment for the cart is running.
    IdempotencyInProgress,
}

user_error!(CheckoutUserError, CheckoutErrorCode);

/// Where a cart's checkout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "CompletionStatus")]
pub enum CartCompletionStatus {
    /// Not begun.
    Open,
    /// The payment's outcome is awaited.
    Processing,
    /// There is an order.
    Completed,
    /// The last payment failed; another one may be tried.
    Failed,
}

/// A cart. Everything but what the buyer wrote is computed when it is read, and nothing is reserved; once
/// it is being paid for, and after, it shows what was bought.
pub struct Cart(pub View);

impl Cart {
    /// The cart as it is now.
    pub async fn load(ctx: &Context<'_>, cart: checkout::Cart) -> Result<Self, crate::kernel::problem::Fault> {
        Ok(Self(checkout::view(ctx.app(), cart).await?))
    }

    /// Whether the buyer's own words may still be shown: once the cart is an order, its id is only good
    /// for reading the outcome.
    fn is_running(&self) -> bool {
        self.0.cart.status != checkout::Status::Completed
    }
}

/// A cart. Everything but what the buyer wrote is computed when it is read, and nothing is reserved; once
/// it is being paid for, and after, it shows what was bought.
#[Object]
impl Cart {
    /// The id. Whoever knows it may use the cart, until a customer has: keep it to yourself.
    pub async fn id(&self) -> GlobalId<CartId> {
        GlobalId(self.0.cart.id)
    }

    /// What is in it, at most 1,000 lines.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn lines(&self) -> Vec<CartLine> {
        self.0.lines.iter().cloned().map(CartLine).collect()
    }

    /// What it costs. Without a destination, without shipping and tax.
    async fn cost(&self) -> CartCost {
        CartCost::from(&self.0.quote)
    }

    /// What will come together. Empty without a destination.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn parcels(&self) -> Vec<Parcel> {
        self.0.parcels.iter().cloned().map(Parcel).collect()
    }

    /// What keeps it from being bought as it is, or should be known before.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn problems(&self) -> Vec<CartProblem> {
        self.0.problems.iter().cloned().map(CartProblem::from).collect()
    }

    /// How to reach the buyer; null until they said so, and once the cart is an order.
    async fn contact(&self) -> Option<CartContact> {
        let cart = &self.0.cart;
        let email = cart.email.clone().filter(|_| self.is_running())?;
        Some(CartContact { email, phone: cart.phone.clone() })
    }

    /// Where it goes; null until the buyer said so, and once the cart is an order.
    async fn shipping_address(&self) -> Option<Address> {
        self.0.cart.shipping_address.clone().filter(|_| self.is_running()).map(Address::from)
    }

    /// Who pays; null if that is the shipping address, and once the cart is an order.
    async fn billing_address(&self) -> Option<Address> {
        self.0.cart.billing_address.clone().filter(|_| self.is_running()).map(Address::from)
    }

    /// The discount codes, in the order they apply.
    async fn discount_codes(&self) -> &[String] {
        &self.0.cart.discount_codes.0
    }

    /// What became of the checkout.
    async fn completion(&self) -> CartCompletion {
        CartCompletion(checkout::completion(&self.0.cart))
    }

    /// When it is forgotten, unless it is used again.
    async fn expires_at(&self) -> DateTime {
        self.0.cart.expires_at
    }
}

/// So many of one variant.
pub struct CartLine(LineView);

/// So many of one variant.
#[Object]
impl CartLine {
    /// The id.
    async fn id(&self) -> GlobalId<CartLineId> {
        GlobalId(self.0.id)
    }

    /// How many.
    async fn quantity(&self) -> i64 {
        self.0.quantity
    }

    /// What; null if it does not exist, or is not for sale, any more.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.0.variant_id).await)
    }

    /// The price of one.
    async fn unit_price(&self) -> Money {
        self.0.unit_price
    }

    /// The price of all, before discounts.
    async fn total(&self) -> async_graphql::Result<Money> {
        Ok(self.0.unit_price.times(self.0.quantity).map_err(crate::kernel::problem::Fault::from)?)
    }
}

/// What a cart costs.
#[derive(SimpleObject)]
pub struct CartCost {
    /// The lines, before discounts.
    subtotal: Money,
    /// What the discounts take off.
    discount: Money,
    /// The chosen shipping options.
    shipping: Money,
    /// The tax on what is left and on shipping; contained in the prices, or on top, as `taxIncluded` says.
    tax: Money,
    /// Whether the prices contain the tax.
    tax_included: bool,
    /// What is to be paid: subtotal − discount + shipping, and the tax unless it is contained.
    total: Money,
}

impl From<&Quote> for CartCost {
    fn from(quote: &Quote) -> Self {
        Self {
            subtotal: quote.subtotal,
            discount: quote.discount,
            shipping: quote.shipping,
            tax: quote.tax,
            tax_included: quote.tax_inclusive,
            total: quote.total,
        }
    }
}

/// What will come together.
pub struct Parcel(ParcelView);

/// What will come together.
#[Object]
impl Parcel {
    /// The id: stays while the cart is sent from the same places.
    async fn id(&self) -> GlobalId<ParcelId> {
        GlobalId(self.0.id)
    }

    /// What is in it. A line may be split over parcels.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn lines(&self) -> Vec<ParcelLine> {
        self.0.lines.iter().map(|&(id, quantity)| ParcelLine { id: GlobalId(id), quantity }).collect()
    }

    /// How it can be sent, cheapest first.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn shipping_options(&self) -> Vec<ShippingOption> {
        self.0.services.iter().cloned().map(ShippingOption::from).collect()
    }

    /// How it will be sent: what was selected, else the cheapest.
    async fn selected_shipping_option(&self) -> Option<ShippingOption> {
        let chosen = self.0.services.iter().find(|service| service.service_id == self.0.chosen_service);
        chosen.cloned().map(ShippingOption::from)
    }
}

/// How many of a line come in a parcel.
#[derive(SimpleObject)]
pub struct ParcelLine {
    /// The id of the cart's line.
    id: GlobalId<CartLineId>,
    /// How many.
    quantity: i64,
}

/// A way to send a parcel.
#[derive(SimpleObject)]
pub struct ShippingOption {
    /// The id.
    id: GlobalId<ShippingServiceId>,
    /// What it is called.
    name: String,
    /// The price for this parcel.
    price: Money,
    /// When the parcel would arrive, if it were ordered now.
    estimate: DeliveryWindow,
}

impl From<ServiceOption> for ShippingOption {
    fn from(it: ServiceOption) -> Self {
        let estimate = DeliveryWindow { earliest: it.estimate.earliest, latest: it.estimate.latest };
        Self { id: GlobalId(it.service_id), name: it.name, price: it.price, estimate }
    }
}

/// Something that keeps a cart from being bought as it is, or should be known before.
#[derive(SimpleObject)]
pub struct CartProblem {
    /// What, for programs.
    code: CheckoutErrorCode,
    /// What, for people.
    message: String,
    /// Which line; null if it is about the whole cart.
    line_id: Option<GlobalId<CartLineId>>,
}

impl From<checkout::CartProblem> for CartProblem {
    fn from(it: checkout::CartProblem) -> Self {
        Self { code: it.code.into(), message: it.message, line_id: it.line_id.map(GlobalId) }
    }
}

/// How to reach the buyer.
#[derive(SimpleObject)]
pub struct CartContact {
    /// By e-mail.
    email: String,
    /// By telephone.
    phone: Option<String>,
}

/// What became of a cart's checkout. Ask again while it is `PROCESSING`.
pub struct CartCompletion(pub Completion);

/// What became of a cart's checkout. Ask again while it is `PROCESSING`.
#[Object]
impl CartCompletion {
    /// Where it stands.
    async fn status(&self) -> CartCompletionStatus {
        self.0.status.into()
    }

    /// The order; null until there is one.
    async fn order(&self, ctx: &Context<'_>) -> Nullable<Order> {
        nullable(order(ctx, &self.0).await)
    }

    /// The running, or the last, payment; null before the first.
    async fn payment(&self, ctx: &Context<'_>) -> Nullable<Payment> {
        nullable(payment(ctx, &self.0).await)
    }

    /// Why the last payment failed; empty if it did not.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn user_errors(&self) -> Vec<CheckoutUserError> {
        user_errors(&self.0)
    }
}

/// The order of a checkout.
pub(super) async fn order(ctx: &Context<'_>, it: &Completion) -> Result<Option<Order>, SharedFault> {
    let Some(id) = it.order_id else { return Ok(None) };
    Ok(ctx.loaders().load::<OrderLoader, OrderId>(id).await?.map(Order))
}

/// The payment of a checkout.
pub(super) async fn payment(ctx: &Context<'_>, it: &Completion) -> Result<Option<Payment>, SharedFault> {
    let Some(id) = it.attempt_id else { return Ok(None) };
    let found = ctx.loaders().load::<PaymentLoader, PaymentAttemptId>(id).await?;
    Ok(found.map(Payment))
}

/// Why a checkout failed.
pub(super) fn user_errors(it: &Completion) -> Vec<CheckoutUserError> {
    let error = |problem: &checkout::FailureProblem| CheckoutUserError {
        code: problem.code.into(),
        field: (!problem.field.is_empty()).then(|| problem.field.clone()),
        message: problem.message.clone(),
    };
    it.problems.iter().map(error).collect()
}
