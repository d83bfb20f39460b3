//! The rows: what is asked, and who is let through.

use consign::identity::Permission::{
    self, Catalog, Discounts, Fulfillment, Inventory, Orders, Payments, Settings, Suppliers,
};

/// Under which root a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    Query,
    Mutation,
    Subscription,
}

/// Who is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Everybody; what they may see is decided by what it is.
    Open,
    /// Whoever is signed in to an account of their own; an API token is no account.
    Account,
    /// The owner, and staff with the permission.
    Store(Permission),
    /// Those, and whoever may have an order; what is not theirs is not found.
    Customer(Permission),
    /// Those, and suppliers; what is not theirs is not found.
    Supplier(Permission),
}

impl Gate {
    /// The permission that staff need.
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Open | Self::Account => None,
            Self::Store(it) | Self::Customer(it) | Self::Supplier(it) => Some(it),
        }
    }
}

/// An address that a parcel could be sent to.
const ADDRESS: &str = "{ name: \"A\", address1: \"1\", city: \"B\", postalCode: \"10115\", countryCode: \"DE\" }";

/// One root field.
#[derive(Debug, Clone)]
pub struct Row {
    pub root: Root,
    pub gate: Gate,
    /// Whether it names something that is not there: null, or a user error `NOT_FOUND`.
    pub missing: bool,
    /// The selection, arguments and all.
    pub text: String,
}

impl Row {
    /// The name of the field.
    pub fn field(&self) -> &str {
        self.text.split(['(', ' ', '{']).next().unwrap_or_default()
    }
}

/// Turns `$ord` and the like into ids that name nothing.
fn fill(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let prefix = &rest[at + 1..at + 4];
        filled += &rest[..at];
        filled += &format!("\"{prefix}_018f0000000070008000000000000000\"");
        rest = &rest[at + 4..];
    }
    filled + rest
}

fn row(root: Root, gate: Gate, text: &str) -> Row {
    Row { root, gate, missing: text.contains('$'), text: fill(text) }
}

fn query(gate: Gate, text: &str) -> Row {
    row(Root::Query, gate, text)
}

/// A mutation whose payload lists user errors.
fn mutation(gate: Gate, text: &str) -> Row {
    row(Root::Mutation, gate, &format!("{text} {{ userErrors {{ code field message }} }}"))
}

/// Every root field.
pub fn rows() -> Vec<Row> {
    let mut all = queries();
    all.extend(account_mutations());
    all.extend(checkout_mutations());
    all.extend(catalog_mutations());
    all.extend(store_mutations());
    all.extend(fulfillment_mutations());
    all.push(row(Root::Subscription, Gate::Customer(Orders), "orderTracking(orderId: $ord) { cursor }"));
    all.push(row(Root::Subscription, Gate::Store(Orders), "storeActivity { cursor }"));
    all
}

fn queries() -> Vec<Row> {
    let nodes = "(first: 1) { nodes { __typename } }";
    let list = |gate, name: &str| query(gate, &format!("{name}{nodes}"));
    vec![
        query(Gate::Open, "me { id }"),
        query(Gate::Open, "shop { name }"),
        query(Gate::Open, "node(id: $prd) { id }"),
        list(Gate::Open, "products"),
        list(Gate::Open, "collections"),
        query(Gate::Open, "product(id: $prd) { id }"),
        query(Gate::Open, "variant(id: $var) { id }"),
        Row { missing: true, ..query(Gate::Open, "collection(slug: \"nowhere\") { id }") },
        query(Gate::Open, "cart(id: $crt) { id }"),
        query(Gate::Customer(Orders), "order(id: $ord) { id }"),
        Row { missing: true, ..query(Gate::Open, "orderByToken(token: \"nothing\") { id }") },
        list(Gate::Store(Orders), "orders"),
        list(Gate::Store(Settings), "apiTokens"),
        query(Gate::Store(Settings), "job(id: $job) { id }"),
        list(Gate::Store(Fulfillment), "workItems"),
        list(Gate::Store(Permission::Customers), "notifications"),
        list(Gate::Store(Suppliers), "suppliers"),
        query(Gate::Store(Suppliers), "supplier(id: $sup) { id }"),
        list(Gate::Store(Inventory), "supplierOffers"),
        list(Gate::Store(Inventory), "inventoryLedger"),
        list(Gate::Store(Inventory), "reservations"),
        list(Gate::Store(Inventory), "stockCommitments"),
        Row {
            missing: false,
            ..query(Gate::Store(Catalog), "importErrors(jobId: $job, first: 1) { nodes { __typename } }")
        },
        list(Gate::Store(Discounts), "discounts"),
        query(Gate::Store(Settings), "exchangeRates { __typename }"),
        query(Gate::Store(Fulfillment), "supplierOrderTransitions { __typename }"),
        list(Gate::Supplier(Fulfillment), "supplierOrders"),
        query(Gate::Supplier(Fulfillment), "supplierOrder(id: $sor) { id }"),
        list(Gate::Store(Settings), "webhookDeliveries"),
    ]
}

fn account_mutations() -> Vec<Row> {
    let here = |gate, text: &str| mutation(gate, text);
    vec![
        here(Gate::Open, "customerRegister(input: { email: \"nobody\", password: \"correct horse battery\" })"),
        here(Gate::Open, "emailVerify(token: \"nothing\")"),
        here(Gate::Account, "passwordChange(input: { currentPassword: \"\", newPassword: \"\" })"),
        here(Gate::Open, "passwordResetRequest(input: { email: \"nobody\" })"),
        here(Gate::Open, "passwordReset(input: { token: \"nothing\", newPassword: \"\" })"),
        here(Gate::Account, "emailChangeRequest(input: { newEmail: \"nobody\", password: \"\" })"),
        here(Gate::Account, "emailChange(input: { token: \"nothing\" })"),
        here(Gate::Account, "customerUpdate(input: {})"),
        here(Gate::Account, &format!("customerAddressCreate(address: {ADDRESS})")),
        here(Gate::Account, &format!("customerAddressUpdate(id: $cad, address: {ADDRESS})")),
        here(Gate::Account, "customerAddressDelete(id: $cad)"),
        here(Gate::Account, "customerDefaultAddressSet(id: $cad)"),
        here(Gate::Open, "sessionCreate(input: { email: \"nobody\", password: \"correct horse battery\" })"),
        here(Gate::Open, "sessionRefresh(refreshToken: \"nothing\")"),
        here(Gate::Open, "sessionEnd(input: { refreshToken: \"nothing\" })"),
        here(Gate::Store(Settings), "apiTokenCreate(input: { name: \"\", scope: OWNER })"),
        here(Gate::Store(Settings), "apiTokenRevoke(id: $apt)"),
    ]
}

fn checkout_mutations() -> Vec<Row> {
    let money = "{ amount: \"1.00\", currencyCode: \"EUR\" }";
    vec![
        mutation(Gate::Open, "cartCreate(input: {})"),
        mutation(Gate::Open, "cartLinesAdd(cartId: $crt, lines: [])"),
        mutation(Gate::Open, "cartLinesUpdate(cartId: $crt, lines: [])"),
        mutation(Gate::Open, "cartContactSet(cartId: $crt, input: { email: \"a@example.com\" })"),
        mutation(Gate::Open, &format!("cartShippingAddressSet(cartId: $crt, address: {ADDRESS})")),
        mutation(Gate::Open, &format!("cartBillingAddressSet(cartId: $crt, address: {ADDRESS})")),
        mutation(Gate::Open, "cartShippingOptionSelect(cartId: $crt, parcelId: $par, shippingOptionId: $ssv)"),
        mutation(Gate::Open, "cartDiscountCodesSet(cartId: $crt, codes: [])"),
        mutation(
            Gate::Open,
            &format!(
                "checkoutComplete(cartId: $crt, input: {{
                    idempotencyKey: \"k\", expectedTotal: {money}, payment: {{ gateway: \"test\" }} }})"
            ),
        ),
    ]
}

fn catalog_mutations() -> Vec<Row> {
    let store = |text: &str| mutation(Gate::Store(Catalog), text);
    vec![
        store("productCreate(input: { title: \"\", variants: [] })"),
        store("productUpdate(id: $prd, input: { title: \"A\" })"),
        store(
            "productVariantsSet(id: $prd, input: {
                variants: [{ sku: \"A\", price: { amount: \"1.00\", currencyCode: \"EUR\" } }] })",
        ),
        store("productPublish(id: $prd)"),
        store("productUnpublish(id: $prd)"),
        store("productArchive(id: $prd)"),
        store("variantUpdate(id: $var, input: { title: \"A\" })"),
        store("collectionCreate(input: { title: \"\" })"),
        store("collectionUpdate(id: $col, input: { title: \"A\" })"),
        store("collectionProductsSet(id: $col, input: { productIds: [] })"),
        store("collectionProductsAdd(id: $col, input: { productIds: [] })"),
        store(
            "catalogImport(input: {
                supplierId: $sup, source: { url: \"https://feed.example/a.csv\" }, format: CSV })",
        ),
    ]
}

fn store_mutations() -> Vec<Row> {
    let money = "{ amount: \"1.00\", currencyCode: \"EUR\" }";
    vec![
        mutation(Gate::Store(Settings), "storeSettingsUpdate(input: {})"),
        mutation(Gate::Store(Settings), "webhookReplay(id: $whk)"),
        mutation(Gate::Store(Settings), "exchangeRateSet(input: { currencyCode: \"USD\", rate: \"0\" })"),
        mutation(Gate::Store(Discounts), "discountCreate(input: { code: \"\" })"),
        mutation(Gate::Store(Discounts), "discountDeactivate(id: $dsc)"),
        mutation(
            Gate::Store(Suppliers),
            "supplierCreate(input: {
                name: \"\", adapter: \"portal\", currency: \"EUR\", autoForward: true, shipsFrom: \"DE\" })",
        ),
        mutation(Gate::Store(Suppliers), "supplierUpdate(id: $sup, input: { name: \"A\" })"),
        mutation(
            Gate::Store(Suppliers),
            &format!(
                "supplierShippingServiceSet(input: {{ supplierId: $sup, code: \"a\", name: \"A\", countries: [\"DE\"],
                    price: {money}, transitDays: {{ min: 1, max: 2 }} }})"
            ),
        ),
        mutation(
            Gate::Store(Inventory),
            &format!("supplierOfferSet(input: {{ supplierId: $sup, variantId: $var, supplierSku: \"A\", cost: {money} }})"),
        ),
        mutation(
            Gate::Supplier(Inventory),
            "supplierStockReport(input: {
                asOf: \"2026-11-22T12:00:00Z\", full: false, items: [], supplierId: $sup })",
        ),
        mutation(
            Gate::Store(Payments),
            &format!("refundCreate(orderId: $ord, input: {{ idempotencyKey: \"k\", amount: {money} }})"),
        ),
        mutation(Gate::Store(Fulfillment), "workItemResolve(id: $wrk, input: { action: \"WAIT\" })"),
    ]
}

fn fulfillment_mutations() -> Vec<Row> {
    let supplier = |text: &str| mutation(Gate::Supplier(Fulfillment), text);
    vec![
        mutation(Gate::Customer(Orders), "orderCancel(id: $ord, input: {})"),
        mutation(Gate::Store(Fulfillment), "supplierOrderSubmit(id: $sor)"),
        mutation(Gate::Store(Fulfillment), "supplierOrderReroute(id: $sor, input: {})"),
        supplier("supplierOrderAccept(id: $sor, input: {})"),
        supplier("supplierOrderReject(id: $sor, input: { reason: OTHER })"),
        supplier("supplierOrderCancelAnswer(id: $sor, input: { accept: true })"),
        supplier("shipmentCreate(supplierOrderId: $sor, input: { carrier: \"DHL\", trackingNumber: \"1\" })"),
        supplier(
            "shipmentEventAdd(shipmentId: $shp, input: {
                id: \"1\", status: IN_TRANSIT, occurredAt: \"2026-11-22T12:00:00Z\" })",
        ),
    ]
}
