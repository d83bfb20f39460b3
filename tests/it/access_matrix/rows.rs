//! The rows: what is asked, and who is let through.
//!
//! A word behind a `$` stands for an id or a secret. It is filled in twice: with the world's real one
//! (see `world.rs`; what belongs to somebody belongs to Ada, or to the supplier Near), and with one of
//! the same kind that names nothing.

use consign::identity::Permission::{
    self, Catalog, Costs, Discounts, Fulfillment, Inventory, Orders, Payments, Settings, Suppliers,
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
    /// Whoever holds the secret.
    Secret,
    /// The customer whose cart it is; to others, the store's too, it is not found.
    Cart,
    /// The owner, and staff who see what is not published; to others it is not found.
    Draft,
    /// The owner alone.
    Owner,
    /// Whoever works for the store, with a session: an API token is nobody's.
    Member,
    /// The owner, and staff with the permission.
    Store(Permission),
    /// The owner, and staff with all these permissions.
    All(&'static [Permission]),
    /// Those with the permission, and whoever may have an order; what is not theirs is not found.
    Customer(Permission),
    /// Those, and suppliers; what is not theirs is not found.
    Supplier(Permission),
    /// Those, and whoever holds the link of the supplier order; what is not theirs is not found.
    Part(Permission),
}

impl Gate {
    /// The permission that staff need, or the first of them.
    pub fn permission(self) -> Option<Permission> {
        self.permissions().first().copied()
    }

    /// The permissions that staff need.
    pub fn permissions(self) -> Vec<Permission> {
        match self {
            Self::Open | Self::Account | Self::Secret | Self::Cart | Self::Draft | Self::Owner | Self::Member => vec![],
            Self::All(all) => all.to_vec(),
            Self::Store(it) | Self::Customer(it) | Self::Supplier(it) | Self::Part(it) => vec![it],
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
    /// Whether it names something: without it, null or a user error `NOT_FOUND`.
    pub missing: bool,
    /// Whether the first who may gets it done, with the world's ids: else a refusal would prove nothing.
    pub works: bool,
    /// The field with its arguments.
    call: String,
    /// The same with a tracking token, for guests.
    guest: Option<String>,
}

impl Row {
    /// The name of the field.
    pub fn field(&self) -> &str {
        self.call.split(['(', ' ']).next().unwrap_or_default()
    }

    /// The word of the supplier order that the row is about, whose link its holder has.
    pub fn part(&self) -> &str {
        let named = self.call.find("$sor").map(|at| &self.call[at + 1..]);
        let end = |text: &str| text.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(text.len());
        named.map_or("sor", |text| &text[..end(text)])
    }

    /// The field with its arguments, each `$word` replaced by what `of` says.
    pub fn filled(&self, of: impl Fn(&str) -> String) -> String {
        fill(&self.call, of)
    }

    /// The same with a tracking token instead of a right to the order, if there is such a way.
    pub fn filled_for_guests(&self, of: impl Fn(&str) -> String) -> Option<String> {
        self.guest.as_deref().map(|call| fill(call, of))
    }

    /// With another way for the holders of a tracking token.
    fn or_with_token(self, guest: &str) -> Self {
        Self { guest: Some(guest.to_owned()), ..self }
    }
}

/// Replaces each `$word`, quoted.
pub fn fill(text: &str, of: impl Fn(&str) -> String) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        let end = after.find(|it: char| !it.is_ascii_alphanumeric()).unwrap_or(after.len());
        filled += before;
        filled += &format!("\"{}\"", of(&after[..end]));
        rest = &after[end..];
    }
    filled + rest
}

/// An id, or a secret, of the kind of `word` that names nothing.
pub fn nothing(word: &str) -> String {
    let prefix = word.trim_end_matches(|it: char| it.is_ascii_digit());
    let is_id = prefix.len() == 3 && prefix.chars().all(|it| it.is_ascii_lowercase());
    if is_id { format!("{prefix}_018f0000000070008000000000000000") } else { "nothing".to_owned() }
}

fn row(root: Root, gate: Gate, text: &str) -> Row {
    let call = without_selection(text);
    Row { root, gate, missing: call.contains('$'), works: false, call: call.to_owned(), guest: None }
}

/// Only the field and its arguments: what is selected, the tests say.
fn without_selection(text: &str) -> &str {
    let mut open = 0;
    let end = text.find(|it| {
        open += i32::from(it == '(') - i32::from(it == ')');
        open == 0 && (it == ')' || it == ' ')
    });
    end.map_or(text, |end| text[..=end].trim_end())
}

fn query(gate: Gate, call: &str) -> Row {
    row(Root::Query, gate, call)
}

/// A mutation with an input that is refused whoever asks, or whose success depends on more.
fn mutation(gate: Gate, call: &str) -> Row {
    row(Root::Mutation, gate, call)
}

/// A mutation that does something.
fn works(gate: Gate, call: &str) -> Row {
    Row { works: true, ..row(Root::Mutation, gate, call) }
}

/// Every root field.
pub fn rows() -> Vec<Row> {
    let mut all = queries();
    all.extend(account_mutations());
    all.extend(staff_mutations());
    all.extend(checkout_mutations());
    all.extend(fulfillment_mutations());
    all.extend(catalog_mutations());
    all.extend(store_mutations());
    // Last: nothing is Ada's any more after it.
    all.push(mutation(Gate::Store(Permission::Customers), "customerTagsSet(id: $cus, tags: [\"a\"])"));
    all.push(mutation(Gate::Customer(Permission::Customers), "customerErase(id: $cus, input: {})"));
    let tracking = row(Root::Subscription, Gate::Customer(Orders), "orderTracking(orderId: $ord)");
    all.push(tracking.or_with_token("orderTracking(token: $TOKEN)"));
    let activity = row(Root::Subscription, Gate::Store(Orders), "storeActivity(after: $CURSOR)");
    all.push(Row { missing: false, ..activity });
    all
}

fn queries() -> Vec<Row> {
    let errors = query(Gate::Store(Catalog), "importErrors(jobId: $job, first: 10)");
    let preview = query(
        Gate::Store(Fulfillment),
        "routingPreview(input: { lines: [{ variantId: $var, quantity: 100000 }], countryCode: \"DE\" })",
    );
    vec![
        query(Gate::Open, "me"),
        query(Gate::Open, "shop"),
        query(Gate::Open, "node(id: $prd)"),
        query(Gate::Open, "products(first: 10)"),
        query(Gate::Open, "collections(first: 10)"),
        query(Gate::Open, "product(id: $prd)"),
        query(Gate::Open, "variant(id: $var)"),
        query(Gate::Open, "collection(slug: $SLUG)"),
        query(Gate::Cart, "cart(id: $crt)"),
        query(Gate::Customer(Orders), "order(id: $ord)"),
        query(Gate::Secret, "orderByToken(token: $TOKEN)"),
        query(Gate::Store(Orders), "orders(first: 4)"),
        query(Gate::Store(Settings), "apiTokens(first: 10)"),
        query(Gate::Owner, "auditLog(first: 100)"),
        query(Gate::Owner, "staff(first: 10)"),
        query(Gate::Owner, "staffInvitations"),
        query(Gate::Owner, "roles"),
        query(Gate::Open, "staffMe"),
        query(Gate::Store(Settings), "job(id: $job)"),
        query(Gate::Store(Settings), "jobs(first: 10)"),
        query(Gate::Store(Settings), "queue"),
        query(Gate::Store(Fulfillment), "workItems(first: 10)"),
        query(Gate::Store(Permission::Customers), "notifications(first: 10)"),
        query(Gate::Store(Suppliers), "supplierAdapters"),
        query(Gate::Store(Suppliers), "suppliers(first: 10)"),
        query(Gate::Store(Suppliers), "supplier(id: $sup3)"),
        query(Gate::Store(Inventory), "supplierOffers(first: 10)"),
        query(Gate::Store(Inventory), "inventoryLedger(first: 10)"),
        query(Gate::Store(Inventory), "reservations(first: 10)"),
        query(Gate::Store(Inventory), "stockCommitments(first: 10)"),
        Row { missing: false, ..errors },
        query(Gate::Store(Discounts), "discounts(first: 10)"),
        query(Gate::Store(Costs), "priceRules(first: 10)"),
        query(Gate::Store(Costs), "pricePreview(first: 10)"),
        query(Gate::Store(Settings), "exchangeRates"),
        query(Gate::Store(Fulfillment), "routingPolicy"),
        Row { missing: false, ..preview },
        query(Gate::Store(Fulfillment), "supplierOrderTransitions"),
        query(Gate::Part(Fulfillment), "supplierOrders(first: 10)"),
        query(Gate::Part(Fulfillment), "supplierOrder(id: $sor)"),
        query(Gate::Store(Settings), "webhookDeliveries(first: 10)"),
        query(Gate::Customer(Permission::Customers), "customerDataExport(id: $cus)"),
    ]
}

fn account_mutations() -> Vec<Row> {
    vec![
        mutation(Gate::Open, "customerRegister(input: { email: \"nobody\", password: \"correct horse battery\" })"),
        mutation(Gate::Open, "emailVerify(token: \"nothing\")"),
        mutation(Gate::Account, "passwordChange(input: { currentPassword: \"\", newPassword: \"\" })"),
        mutation(Gate::Open, "passwordResetRequest(input: { email: \"nobody\" })"),
        mutation(Gate::Open, "passwordReset(input: { token: \"nothing\", newPassword: \"\" })"),
        mutation(Gate::Account, "emailChangeRequest(input: { newEmail: \"nobody\", password: \"\" })"),
        mutation(Gate::Account, "emailChange(input: { token: \"nothing\" })"),
        works(Gate::Account, "customerUpdate(input: { lastName: \"New\" })"),
        works(Gate::Account, &format!("customerAddressCreate(address: {ADDRESS})")),
        works(Gate::Account, &format!("customerAddressUpdate(id: $cad, address: {ADDRESS})")),
        works(Gate::Account, "customerDefaultAddressSet(id: $cad)"),
        works(Gate::Account, "customerAddressDelete(id: $cad)"),
        mutation(Gate::Open, "sessionCreate(input: { email: \"nobody\", password: \"correct horse battery\" })"),
        mutation(Gate::Open, "sessionRefresh(refreshToken: \"nothing\")"),
        mutation(Gate::Open, "sessionEnd(input: { refreshToken: \"nothing\" })"),
        works(
            Gate::Store(Settings),
            "apiTokenCreate(input: { name: \"a\", scope: STAFF, permissions: [SETTINGS] })",
        ),
        works(Gate::Store(Settings), "apiTokenRevoke(id: $apt)"),
    ]
}

fn staff_mutations() -> Vec<Row> {
    vec![
        works(Gate::Owner, "roleCreate(input: { name: \"New\", permissions: [ORDERS] })"),
        works(Gate::Owner, "roleUpdate(id: $rol, input: { permissions: [ORDERS, CATALOG] })"),
        works(Gate::Owner, "roleDelete(id: $rol2)"),
        works(Gate::Owner, "staffInvite(input: { email: \"new@example.com\", roleId: $rol })"),
        works(Gate::Owner, "staffInvitationRevoke(id: $act)"),
        mutation(
            Gate::Open,
            "staffInvitationAccept(input: { token: \"nothing\", password: \"correct horse battery\" })",
        ),
        works(Gate::Owner, "staffUpdate(id: $stf, input: { owner: true })"),
        works(Gate::Owner, "staffRemove(id: $stf2)"),
        mutation(Gate::Member, "secondFactorBegin(password: \"\")"),
        mutation(Gate::Member, "secondFactorConfirm(code: \"\")"),
        mutation(Gate::Member, "secondFactorDisable(password: \"\", code: \"\")"),
    ]
}

fn checkout_mutations() -> Vec<Row> {
    vec![
        works(Gate::Open, "cartCreate(input: {})"),
        works(Gate::Account, "cartClaim(cartId: $crt)"),
        works(Gate::Account, "orderClaim(token: $MINE)"),
        works(Gate::Cart, "cartLinesAdd(cartId: $crt, lines: [{ variantId: $var, quantity: 1 }])"),
        works(Gate::Cart, "cartLinesUpdate(cartId: $crt, lines: [{ lineId: $cln, quantity: 2 }])"),
        works(Gate::Cart, "cartContactSet(cartId: $crt, input: { email: \"a@example.com\" })"),
        works(Gate::Cart, &format!("cartShippingAddressSet(cartId: $crt, address: {ADDRESS})")),
        works(Gate::Cart, &format!("cartBillingAddressSet(cartId: $crt, address: {ADDRESS})")),
        works(Gate::Cart, "cartShippingOptionSelect(cartId: $crt, parcelId: $par, shippingOptionId: $ssv)"),
        works(Gate::Cart, "cartDiscountCodesSet(cartId: $crt, codes: [])"),
        works(
            Gate::Cart,
            "checkoutComplete(cartId: $crt2, input: { idempotencyKey: \"k\", payment: { gateway: \"test\", token: \"tok_ok\" },
                expectedTotal: { amount: \"13.00\", currencyCode: \"EUR\" } })",
        ),
    ]
}

fn fulfillment_mutations() -> Vec<Row> {
    let supplier = Gate::Part(Fulfillment);
    let cancel = works(Gate::Customer(Orders), "orderCancel(id: $ord7, input: {})");
    vec![
        works(
            Gate::All(&[Fulfillment, Orders]),
            "orderShippingAddressUpdate(id: $ord8, address: {
                name: \"A\", address1: \"B 1\", city: \"Berlin\", postalCode: \"10115\", countryCode: \"DE\" })",
        ),
        works(Gate::Store(Fulfillment), "supplierOrderRecall(id: $sor7, input: {})"),
        cancel.or_with_token("orderCancel(id: $ord7, input: { token: $TOKEN7 })"),
        // What is out is its supplier's to hold.
        mutation(supplier, "supplierOrderHold(id: $sor3, input: { reason: \"No paper\" })"),
        mutation(supplier, "supplierOrderRelease(id: $sor3)"),
        works(supplier, "supplierOrderAccept(id: $sor3, input: {})"),
        works(supplier, "supplierOrderReject(id: $sor4, input: { reason: OTHER })"),
        works(supplier, "supplierOrderCancelAnswer(id: $sor2, input: { accept: true })"),
        works(supplier, "shipmentCreate(supplierOrderId: $sor3, input: { carrier: \"DHL\", trackingNumber: \"3\" })"),
        works(
            supplier,
            "shipmentEventAdd(shipmentId: $shp, input: {
                id: \"9\", status: IN_TRANSIT, occurredAt: \"2026-11-22T12:00:00Z\" })",
        ),
        works(Gate::Store(Fulfillment), "supplierOrderSubmit(id: $sor8)"),
        mutation(Gate::Store(Fulfillment), "supplierOrderReroute(id: $sor8, input: {})"),
        mutation(Gate::Store(Fulfillment), "supplierOrderMove(id: $sor8, input: { supplierId: $sup })"),
    ]
}

fn catalog_mutations() -> Vec<Row> {
    let store = |call: &str| works(Gate::Store(Catalog), call);
    vec![
        store(
            "productCreate(input: { title: \"New\", variants: [
                { sku: \"NEW\", price: { amount: \"1.00\", currencyCode: \"EUR\" } }] })",
        ),
        store("productUpdate(id: $prd2, input: { title: \"A\" })"),
        store("variantUpdate(id: $var2, input: { title: \"A\" })"),
        store(
            "productVariantsSet(id: $prd2, input: {
                variants: [{ sku: \"A\", price: { amount: \"1.00\", currencyCode: \"EUR\" } }] })",
        ),
        store("productUnpublish(id: $prd2)"),
        store("productPublish(id: $prd2)"),
        store("productArchive(id: $prd2)"),
        store("collectionCreate(input: { title: \"New\" })"),
        store("collectionUpdate(id: $col, input: { title: \"A\" })"),
        store("collectionProductsSet(id: $col, input: { productIds: [$prd] })"),
        store("collectionProductsAdd(id: $col, input: { productIds: [$prd2] })"),
        store(
            "catalogImport(input: {
                supplierId: $sup, source: { url: \"https://feed.example/a.csv\" }, format: CSV })",
        ),
    ]
}

fn store_mutations() -> Vec<Row> {
    vec![
        works(Gate::Store(Settings), "storeSettingsUpdate(input: { name: \"New\" })"),
        works(Gate::Store(Settings), "webhookReplay(id: $whk)"),
        works(Gate::Store(Settings), "jobRetry(id: $job)"),
        works(Gate::Store(Settings), "jobDiscard(id: $job2, input: { reason: NOT_NEEDED })"),
        works(Gate::Store(Settings), "jobsRetry(input: { kind: \"Nothing\" })"),
        works(Gate::Store(Settings), "exchangeRateSet(input: { currencyCode: \"USD\", rate: \"0.9\" })"),
        works(Gate::Store(Discounts), "discountCreate(input: { code: \"NEW\", percent: \"5\" })"),
        works(Gate::Store(Discounts), "discountDeactivate(id: $dsc)"),
        works(Gate::Store(Costs), "priceRuleCreate(input: { terms: { markupPercent: \"5\" } })"),
        works(Gate::Store(Costs), "priceRuleUpdate(id: $prl, input: { terms: { markupPercent: \"5\" } })"),
        works(Gate::Store(Costs), "priceRuleDelete(id: $prl2)"),
        works(Gate::Store(Costs), "pricesApply(input: {})"),
        works(
            Gate::Store(Suppliers),
            "supplierCreate(input: {
                name: \"New\", adapter: \"portal\", currency: \"EUR\", autoForward: true, shipsFrom: \"DE\" })",
        ),
        works(Gate::Store(Fulfillment), "routingPolicyUpdate(input: { conversionFee: \"0.01\" })"),
        works(Gate::Store(Suppliers), "supplierCheck(id: $sup)"),
        mutation(
            Gate::Store(Suppliers),
            &format!("supplierTest(id: $sup, input: {{ supplierSku: \"A\", shippingService: \"A\", address: {ADDRESS} }})"),
        ),
        works(Gate::Store(Suppliers), "supplierUpdate(id: $sup, input: { name: \"A\" })"),
        works(Gate::Store(Suppliers), "supplierCatalogFetch(id: $sup3)"),
        works(Gate::Store(Inventory), "supplierItemsMap(input: [{ itemId: $sit, variantId: $var }])"),
        works(Gate::All(&[Catalog, Costs, Inventory]), "supplierItemsImport(ids: [$sit2])"),
        works(Gate::Store(Suppliers), "supplierItemsIgnore(ids: [$sit3])"),
        works(
            Gate::Store(Suppliers),
            "supplierShippingServiceSet(input: { supplierId: $sup, code: \"a\", name: \"A\", countries: [\"DE\"],
                price: { amount: \"1.00\", currencyCode: \"EUR\" }, transitDays: { min: 1, max: 2 } })",
        ),
        works(
            Gate::Store(Inventory),
            "supplierOfferSet(input: { supplierId: $sup, variantId: $var, supplierSku: \"N-9\",
                cost: { amount: \"1.00\", currencyCode: \"EUR\" } })",
        ),
        works(
            Gate::Supplier(Inventory),
            "supplierStockReport(input: { asOf: \"2026-11-22T12:00:00Z\", full: false, supplierId: $sup,
                items: [{ supplierSku: \"N-1\", quantity: 7 }] })",
        ),
        works(
            Gate::Store(Payments),
            "refundCreate(orderId: $ord, input: {
                idempotencyKey: \"k\", amount: { amount: \"1.00\", currencyCode: \"EUR\" } })",
        ),
        works(Gate::Store(Fulfillment), "workItemAssign(id: $wrk, staffId: $stf)"),
        mutation(Gate::Store(Fulfillment), "workItemSnooze(id: $wrk, until: \"2026-11-22T12:00:00Z\")"),
        works(Gate::Store(Fulfillment), "workItemResolve(id: $wrk, input: { action: \"CANCEL_AND_REFUND\" })"),
    ]
}
