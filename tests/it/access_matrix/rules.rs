//! The rules: every field of every type, and who may read it.
//!
//! Nobody gets to an object but through a field or an operation that lets them; so most fields are for
//! whoever has reached the object ([`Rule::Reached`]). A field that leads to a type of the store's side
//! is the store's without being said so again.

use consign::identity::Permission::{
    self, Catalog, Costs, Customers, Discounts, Fulfillment, Inventory, Orders, Payments, Settings, Suppliers,
};

use super::askers::{Asker, Kind};
use super::rows::Gate;

/// Who may know that there is such a type: its name shows in their explorers only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Store,
    Suppliers,
    Everybody,
}

/// Who may read a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Whoever has reached the object.
    Reached,
    /// The owner and any staff.
    AnyStaff,
    /// The owner, and staff with the permission.
    Store(Permission),
    /// Those, and customers; not those who hold an order's token only.
    Customer(Permission),
    /// Those, and suppliers.
    Supplier(Permission),
    /// Whoever is neither of the store nor a supplier.
    Buyer,
    /// Whoever may see what it leads to; null to others.
    Led,
}

use Rule::{AnyStaff, Buyer, Customer, Led, Reached, Store, Supplier};

impl Class {
    /// Whether somebody of this kind may know.
    pub fn admits(self, kind: Kind) -> bool {
        match self {
            Self::Everybody => true,
            Self::Suppliers => matches!(kind, Kind::Supplier | Kind::Link | Kind::Store),
            Self::Store => kind == Kind::Store,
        }
    }

    /// Of the answer of an operation behind `gate`.
    pub fn behind(gate: Gate) -> Self {
        match gate {
            Gate::Store(_) | Gate::All(_) | Gate::Owner | Gate::Member => Self::Store,
            Gate::Supplier(_) | Gate::Part(_) => Self::Suppliers,
            Gate::Open | Gate::Account | Gate::Secret | Gate::Cart | Gate::Draft | Gate::Customer(_) => Self::Everybody,
        }
    }
}

impl Rule {
    /// Whether `asker`, who has reached the object, may read the field.
    pub fn admits(self, asker: &Asker) -> bool {
        match (self, asker.kind) {
            (Reached | Led, _) => true,
            (AnyStaff, kind) => kind == Kind::Store,
            (Buyer, kind) => !matches!(kind, Kind::Store | Kind::Supplier | Kind::Link),
            (Customer(_), Kind::Customer) | (Supplier(_), Kind::Supplier | Kind::Link) => true,
            (Store(it) | Customer(it) | Supplier(it), _) => asker.has(it),
        }
    }

    /// Whether a caller of this kind may know of the field.
    pub fn admits_kind(self, kind: Kind) -> bool {
        match self {
            Reached | Led => true,
            Store(_) | AnyStaff => kind == Kind::Store,
            Supplier(_) => matches!(kind, Kind::Store | Kind::Supplier | Kind::Link),
            Customer(_) | Buyer => true,
        }
    }
}

type Fields = &'static [(Rule, &'static str)];

/// Every type by its name (or several that look alike), and its fields. Connections, edges and user
/// errors look as everywhere, and are of the class of what they are about.
pub const TYPES: &[(&str, Class, Fields)] = &[
    // Values.
    ("Money", Class::Everybody, &[(Reached, "amount currencyCode")]),
    ("PageInfo", Class::Everybody, &[(Reached, "endCursor hasNextPage hasPreviousPage startCursor")]),
    ("DeliveryWindow", Class::Everybody, &[(Reached, "earliest latest")]),
    ("PriceRange DayRange", Class::Everybody, &[(Reached, "max min")]),
    ("Country", Class::Everybody, &[(Reached, "code name")]),
    ("Address", Class::Everybody, &[(Reached, "address1 address2 city company countryCode name phone postalCode region")]),
    ("Image", Class::Everybody, &[(Reached, "altText url")]),
    ("ProductOption", Class::Everybody, &[(Reached, "name values")]),
    ("SelectedOption", Class::Everybody, &[(Reached, "name value")]),
    // The shop, and who uses it.
    (
        "Shop",
        Class::Everybody,
        &[(Reached, "countries currencyCode name"), (Store(Settings), "capture lowStockAt sender taxes")],
    ),
    ("CountryTax", Class::Everybody, &[(Reached, "country inclusive rate")]),
    (
        "Customer",
        Class::Everybody,
        &[
            (Reached, "acceptsMarketing addresses createdAt defaultAddress email firstName id lastName"),
            (Customer(Orders), "orders"),
            (Store(Customers), "tags"),
        ],
    ),
    ("CustomerAddress", Class::Everybody, &[(Reached, "address default id")]),
    ("CustomerDataExport", Class::Everybody, &[(Reached, "data endCursor")]),
    ("Session", Class::Everybody, &[(Reached, "accessToken expiresAt refreshToken")]),
    (
        "ApiToken",
        Class::Store,
        &[(Reached, "createdAt expiresAt id lastUsedAt name permissions revokedAt scope supplierId")],
    ),
    ("Role", Class::Store, &[(Reached, "id name permissions")]),
    (
        "StaffMember",
        Class::Store,
        &[(Reached, "createdAt email hasSecondFactor id name owner permissions roleId")],
    ),
    ("StaffInvitation", Class::Store, &[(Reached, "createdAt email expiresAt id roleId")]),
    (
        "AuditEntry",
        Class::Store,
        &[(Reached, "action actor actorKind at changes credentialId id subjectId")],
    ),
    ("AuditChange", Class::Store, &[(Reached, "field from to")]),
    // The catalogue.
    (
        "Product",
        Class::Everybody,
        &[(
            Reached,
            "collections createdAt description featuredImage id media options priceRange rating slug status title
            updatedAt variants",
        )],
    ),
    ("ProductRating", Class::Everybody, &[(Reached, "average count")]),
    (
        "ProductVariant",
        Class::Everybody,
        &[
            (
                Reached,
                "active availability brand compareAtPrice deliveryEstimate gtin id mpn price product selectedOptions
                sku title",
            ),
            (Store(Inventory), "inventory"),
            (Store(Costs), "priceHistory"),
        ],
    ),
    ("PriceChange", Class::Store, &[(Reached, "at by cause from reason to")]),
    ("Availability", Class::Everybody, &[(Reached, "asOf available quantity")]),
    ("Collection", Class::Everybody, &[(Reached, "description id products slug title")]),
    ("ImportError", Class::Store, &[(Reached, "line message reason sku")]),
    // Suppliers and their stock.
    (
        "Supplier",
        Class::Store,
        &[(
            Reached,
            "adapter autoForward catalogFetch createdAt currencyCode cutoff health id items lastFetch name processingDays
            reliability routing settings shippingServices shipsFrom status stock timeZone webhookUrl",
        )],
    ),
    ("SupplierAdapter", Class::Store, &[(Reached, "name settings")]),
    ("SupplierFetch", Class::Store, &[(Reached, "beganAt endedAt failure items leftOut leftOutCount")]),
    ("SupplierFetchError", Class::Store, &[(Reached, "line message reason sku")]),
    (
        "SupplierCatalogFetch",
        Class::Store,
        &[(Reached, "beganAt endedAt failure items leftOut leftOutCount query requestedAt")],
    ),
    ("SupplierItemError", Class::Store, &[(Reached, "line message reason sku")]),
    (
        "SupplierItem",
        Class::Store,
        &[
            (
                Reached,
                "brand firstSeenAt gtin gtinAsTold id imageUrl mpn options seenAt state stock suggestions supplierSku
                title variant",
            ),
            (Store(Costs), "cost"),
        ],
    ),
    ("SupplierItemSuggestion", Class::Store, &[(Reached, "reasons score variant")]),
    ("SupplierTestStep", Class::Store, &[(Reached, "failure kind")]),
    ("SupplierSetting", Class::Store, &[(Reached, "choices description isRequired kind maximum minimum name")]),
    ("SupplierHealth", Class::Store, &[(Reached, "lastError lastErrorAt lastSuccessAt status")]),
    ("SupplierStockTerms", Class::Store, &[(Reached, "confidence liveCheckMinutes maxAgeMinutes maxShrink staleConfidence whenStale")]),
    ("SupplierRoutingTerms", Class::Store, &[(Reached, "handlingFee preference")]),
    (
        "SupplierReliability",
        Class::Store,
        &[(Reached, "answeredOrders dueOrders lateOrders lateRate measuredAt refusalRate refusedOrders")],
    ),
    ("ShippingService", Class::Store, &[(Reached, "code countries dutyRate id name price pricePerItem transitDays")]),
    (
        "SupplierOffer",
        Class::Store,
        &[
            (
                Reached,
                "active asOf committed confidence discontinued id leadTimeDays minimumQuantity priority reported
                reserved restockAt safetyBuffer sellable shipsTo stale supplierSku variant",
            ),
            (Store(Costs), "cost heldCost minimumAdvertisedPrice"),
            (Store(Inventory), "ledger"),
            (Store(Suppliers), "supplier"),
        ],
    ),
    (
        "VariantInventory",
        Class::Store,
        &[(Reached, "asOf committed offers reported reserved safetyBuffer sellable stale")],
    ),
    (
        "LedgerEntry",
        Class::Store,
        &[(
            Reached,
            "asOf committed committedDelta confidence document id kind occurredAt offer orderId paymentId reported
            reportedDelta reserved reservedDelta safetyBuffer sequence",
        )],
    ),
    (
        "Reservation",
        Class::Store,
        &[(Reached, "createdAt expiresAt id offer orderId paymentId quantity status updatedAt")],
    ),
    (
        "StockCommitment",
        Class::Store,
        &[(Reached, "absorbed acceptances accepted id offer orderId outstanding quantity released")],
    ),
    ("StockAcceptance", Class::Store, &[(Reached, "absorbedAt acceptedAt id quantity")]),
    // Prices.
    (
        "Discount",
        Class::Store,
        &[(Reached, "active amount code createdAt endsAt id percent startsAt usageLimit used")],
    ),
    (
        "PriceRule",
        Class::Store,
        &[(
            Reached,
            "active automatic collectionId createdAt feePercent fixedFee id marginPercent markupPercent maxChangePercent
            maximumPrice minimumMarginPercent minimumPrice priority productId rounding scope supplierId updatedAt",
        )],
    ),
    ("PriceRounding", Class::Store, &[(Reached, "ending step")]),
    (
        "PriceProposal",
        Class::Store,
        &[(
            Reached,
            "bound computedPrice cost exchangeRate exchangeRateValidFrom floor landedCost limitedByStep marginPercent
            newPrice oldPrice outcome reason rule variant waitsUntil",
        )],
    ),
    ("ExchangeRate", Class::Store, &[(Reached, "currencyCode rate storeCurrencyCode validFrom")]),
    // Carts.
    (
        "Cart",
        Class::Everybody,
        &[(
            Reached,
            "billingAddress completion contact cost discountCodes expiresAt id lines parcels problems shippingAddress",
        )],
    ),
    ("CartCompletion", Class::Everybody, &[(Reached, "order payment status userErrors")]),
    ("CartContact", Class::Everybody, &[(Reached, "email phone")]),
    ("CartCost", Class::Everybody, &[(Reached, "discount shipping subtotal tax taxIncluded total")]),
    ("CartLine", Class::Everybody, &[(Reached, "id quantity total unitPrice variant")]),
    ("CartProblem", Class::Everybody, &[(Reached, "code lineId message")]),
    ("Parcel", Class::Everybody, &[(Reached, "id lines selectedShippingOption shippingOptions")]),
    ("ParcelLine", Class::Everybody, &[(Reached, "id quantity")]),
    ("ShippingOption", Class::Everybody, &[(Reached, "estimate id name price")]),
    // Orders and money.
    (
        "Order",
        Class::Everybody,
        &[
            (
                Reached,
                "billingAddress canCancel cost deliveryPromise discountCodes email fulfillmentStatus id lines number
                paymentStatus phone placedAt returnStatus shipments shippingAddress test timeline total",
            ),
            (Buyer, "trackingToken"),
            (Customer(Customers), "customer"),
            (Store(Orders), "events"),
            (Store(Costs), "margin"),
            (Store(Payments), "payment"),
            (Store(Fulfillment), "routingDecisions supplierOrders"),
        ],
    ),
    ("OrderCost", Class::Everybody, &[(Reached, "discount shipping subtotal tax total")]),
    (
        "OrderLine",
        Class::Everybody,
        &[(
            Reached,
            "cancelledQuantity deliveredQuantity discount id quantity returnedQuantity shippedQuantity sku tax title
            total unitPrice variant variantTitle",
        )],
    ),
    ("OrderMargin", Class::Store, &[(Reached, "cost profit revenue")]),
    ("OrderEvent", Class::Everybody, &[(Reached, "cursor message occurredAt order shipment type")]),
    ("OrderHistoryEvent", Class::Store, &[(Reached, "at message sequence type visibleToCustomer")]),
    (
        "Payment",
        Class::Everybody,
        &[
            (Reached, "amount clientSecret declineCode gateway id status test"),
            (Store(Payments), "authorized captured providerId refunded transactions voided"),
        ],
    ),
    ("PaymentTransaction", Class::Store, &[(Reached, "amount createdAt error id kind reason settledAt status")]),
    ("Refund", Class::Store, &[(Reached, "amount createdAt id reason status transaction")]),
    // Who is asked, and why.
    (
        "RoutingPolicy",
        Class::Store,
        &[(Reached, "conversionFee lateCost minimumMargin refusalCost rules splitPenalty version")],
    ),
    (
        "RoutingRule",
        Class::Store,
        &[
            (Reached, "collections countryCodes customerTags effect name weight"),
            (Store(Suppliers), "suppliers"),
        ],
    ),
    (
        "RoutingDecision",
        Class::Store,
        &[
            (Reached, "candidates decidedAt parcels replacesSupplierOrderId unrouted"),
            (Store(Costs), "score"),
        ],
    ),
    (
        "RoutingParcel",
        Class::Store,
        &[(Reached, "estimate serviceName units"), (Store(Costs), "cost"), (Store(Suppliers), "supplier")],
    ),
    (
        "RoutingUnits",
        Class::Store,
        &[(Reached, "quantity variant"), (Store(Inventory), "offer"), (Store(Costs), "unitCost")],
    ),
    (
        "RoutingCost",
        Class::Store,
        &[(Reached, "conversion duty goods handling lateRate lateRisk refusalRisk score shipping")],
    ),
    ("RoutingShortfall", Class::Store, &[(Reached, "quantity reason variant")]),
    (
        "RoutingCandidate",
        Class::Store,
        &[
            (Reached, "eligible reasons rules variant"),
            (Store(Inventory), "offer"),
            (Store(Suppliers), "supplier"),
            (Store(Costs), "landedCost score"),
        ],
    ),
    // What is asked of suppliers, and what they send.
    (
        "SupplierOrder",
        Class::Suppliers,
        &[
            (
                Reached,
                "acceptBy acknowledgedAt allowedActions cancelReason createdAt destination estimatedShipAt hold id lines
                orderNumber
                reference rejection requestStatus shipBy shipments shippingService status submittedAt
                supplierReference",
            ),
            (Supplier(Costs), "shippingCost"),
            (AnyStaff, "attempt history note requests"),
            (Store(Orders), "order"),
            (Store(Suppliers), "supplier"),
        ],
    ),
    (
        "SupplierOrderLine",
        Class::Suppliers,
        &[
            (Reached, "acceptedQuantity id quantity refusedQuantity rejection shippedQuantity supplierSku title"),
            (Supplier(Costs), "unitCost"),
            (AnyStaff, "orderLineId"),
        ],
    ),
    ("SupplierOrderHold", Class::Suppliers, &[(Reached, "reason since")]),
    ("SupplierRequest", Class::Store, &[(Reached, "at call httpStatus milliseconds outcome reference")]),
    ("SupplierOrderStateEdge", Class::Store, &[(Reached, "from to")]),
    ("SupplierOrderStep", Class::Store, &[(Reached, "at from reason to")]),
    ("SupplierRejectionReason", Class::Suppliers, &[(Reached, "code message")]),
    (
        "Shipment",
        Class::Everybody,
        &[(
            Reached,
            "carrier deliveredAt estimatedDelivery events id lines shippedAt status trackingNumber trackingUrl",
        )],
    ),
    ("ShipmentEvent", Class::Everybody, &[(Reached, "description location occurredAt status")]),
    ("ShipmentLine", Class::Everybody, &[(Reached, "orderLineId quantity")]),
    // The store's own work.
    (
        "Job",
        Class::Store,
        &[
            (
                Reached,
                "attempts canDiscard canRetry createdAt error finishedAt id kind lane lockedUntil maxAttempts progress
                result runAt status worker",
            ),
            (Led, "subject"),
        ],
    ),
    ("Lane", Class::Store, &[(Reached, "closedUntil failures name oldestDueAt places state taken waiting")]),
    ("Queue", Class::Store, &[(Reached, "dead held lanes oldestDueAt running scheduled waiting")]),
    ("JobProgress", Class::Store, &[(Reached, "done total")]),
    ("Notification", Class::Store, &[(Reached, "createdAt id kind lastError recipient sentAt status")]),
    (
        "StoreEvent",
        Class::Store,
        &[
            (Reached, "cursor message occurredAt shipment type"),
            (Store(Orders), "order"),
            (Store(Fulfillment), "supplierOrder workItem"),
        ],
    ),
    (
        "WebhookDelivery",
        Class::Store,
        &[
            (Reached, "attempts digest error id kind messageId processedAt receivedAt sender size status"),
            (Store(Orders), "body"),
        ],
    ),
    (
        "WorkItem",
        Class::Store,
        &[(
            Reached,
            "assigneeId createdAt dueAt id message note orderId overdue resolution resolvedAt severity snoozedUntil
            status subject suggestedActions type",
        )],
    ),
];

/// What mutations answer, to whoever may do them.
pub const PAYLOADS: &[(&str, &str)] = &[
    (
        "CartBillingAddressSetPayload CartContactSetPayload CartCreatePayload CartDiscountCodesSetPayload
        CartClaimPayload CartLinesAddPayload CartLinesUpdatePayload CartShippingAddressSetPayload CartShippingOptionSelectPayload",
        "cart",
    ),
    ("CheckoutCompletePayload", "order payment"),
    ("CustomerRegisterPayload EmailChangeRequestPayload PasswordResetRequestPayload", "accepted"),
    ("EmailChangePayload PasswordChangePayload", "changed"),
    ("PasswordResetPayload", "reset"),
    ("CustomerAddressCreatePayload", "addressId customer"),
    (
        "CustomerAddressDeletePayload CustomerAddressUpdatePayload CustomerDefaultAddressSetPayload
        CustomerTagsSetPayload CustomerUpdatePayload",
        "customer",
    ),
    ("RoutingPolicyUpdatePayload", "policy"),
    ("EmailVerifyPayload", "customer session"),
    ("SessionCreatePayload SessionRefreshPayload", "session"),
    ("SessionEndPayload", "ended"),
    ("ApiTokenCreatePayload", "apiToken token"),
    ("ApiTokenRevokePayload", "apiToken"),
    ("RoleCreatePayload RoleUpdatePayload", "role"),
    ("PriceRuleDeletePayload RoleDeletePayload", "deleted"),
    ("StaffInvitePayload StaffInvitationRevokePayload", "invitation"),
    ("StaffInvitationAcceptPayload", "session"),
    ("StaffUpdatePayload", "member"),
    ("StaffRemovePayload", "removed"),
    ("SecondFactorBeginPayload", "secret url"),
    ("SecondFactorConfirmPayload", "recoveryCodes"),
    ("SecondFactorDisablePayload", "disabled"),
    ("CatalogImportPayload JobDiscardPayload JobRetryPayload PricesApplyPayload", "job"),
    ("JobsRetryPayload", "remaining retried superseded"),
    (
        "CollectionCreatePayload CollectionProductsAddPayload CollectionProductsSetPayload CollectionUpdatePayload",
        "collection",
    ),
    (
        "ProductArchivePayload ProductCreatePayload ProductPublishPayload ProductUnpublishPayload
        ProductUpdatePayload ProductVariantsSetPayload",
        "product",
    ),
    ("VariantUpdatePayload", "variant"),
    ("DiscountCreatePayload DiscountDeactivatePayload", "discount"),
    ("PriceRuleCreatePayload PriceRuleUpdatePayload", "rule"),
    ("ExchangeRateSetPayload", "exchangeRate"),
    ("OrderCancelPayload OrderClaimPayload OrderShippingAddressUpdatePayload", "order"),
    ("CustomerErasePayload", "erased ordersUnderWay"),
    ("RefundCreatePayload", "refund"),
    ("ShipmentPayload", "shipment"),
    ("StoreSettingsUpdatePayload", "shop"),
    ("SupplierCheckPayload", "supplier trouble"),
    ("SupplierCatalogFetchPayload SupplierCreatePayload SupplierUpdatePayload", "supplier"),
    ("SupplierItemsIgnorePayload SupplierItemsImportPayload SupplierItemsMapPayload", "items"),
    ("SupplierOfferSetPayload", "offer"),
    ("SupplierTestPayload", "passed steps supplier"),
    ("SupplierOrderPayload", "supplierOrder"),
    ("SupplierOrderReroutePayload", "replacements supplierOrder"),
    ("SupplierShippingServiceSetPayload", "shippingService"),
    ("SupplierStockReportPayload", "accepted held unknownSkus"),
    ("WebhookReplayPayload", "delivery"),
    ("WorkItemPayload WorkItemResolvePayload", "workItem"),
];

/// Everything with an id of its own: the word of the world's one, and who gets it by its id.
pub const NODES: &[(&str, &str, &[Gate])] = &[
    ("Job", "job", &[Gate::Store(Settings)]),
    ("Job", "job2", &[Gate::Store(Settings)]),
    ("Customer", "cus", &[Gate::Customer(Customers)]),
    ("ApiToken", "apt", &[Gate::Store(Settings)]),
    ("ApiToken", "apt2", &[Gate::Store(Settings)]),
    ("StaffMember", "stf", &[Gate::Owner]),
    ("Role", "rol", &[Gate::Owner]),
    ("WorkItem", "wrk", &[Gate::Store(Fulfillment)]),
    ("WorkItem", "wrk2", &[Gate::Store(Fulfillment)]),
    ("Product", "prd", &[Gate::Open]),
    ("Product", "prd3", &[Gate::Draft]),
    ("ProductVariant", "var", &[Gate::Open]),
    ("ProductVariant", "var3", &[Gate::Draft]),
    ("Collection", "col", &[Gate::Open]),
    ("Supplier", "sup", &[Gate::Store(Suppliers)]),
    ("SupplierOffer", "ofr", &[Gate::Store(Inventory)]),
    ("Discount", "dsc", &[Gate::Store(Discounts)]),
    ("PriceRule", "prl", &[Gate::Store(Costs)]),
    ("Payment", "pay", &[Gate::Store(Payments)]),
    ("PaymentTransaction", "ptx", &[Gate::Store(Payments)]),
    ("Refund", "rfd", &[Gate::Store(Payments)]),
    ("Order", "ord", &[Gate::Customer(Orders)]),
    ("SupplierOrder", "sor", &[Gate::Part(Fulfillment)]),
    // To its order's customer, and to its sender.
    ("Shipment", "shp", &[Gate::Customer(Orders), Gate::Part(Fulfillment)]),
    ("Notification", "ntf", &[Gate::Store(Customers)]),
    ("WebhookDelivery", "whk", &[Gate::Store(Settings)]),
];

/// What the world of the tests has none of, so that nothing is said of who sees it: types that only
/// mutations answer, and fields.
pub const EMPTY: &[&str] = &[
    "Session ProductRating",
    "Product.rating Payment.clientSecret Notification.lastError PaymentTransaction.error Shipment.estimatedDelivery",
    "SupplierHealth.lastError SupplierHealth.lastErrorAt SupplierHealth.lastSuccessAt SupplierOrder.note",
    "WorkItem.snoozedUntil CustomerDataExport.endCursor SupplierReliability.measuredAt RoutingDecision.replacesSupplierOrderId",
    "SupplierStockTerms.liveCheckMinutes",
    "SupplierOffer.heldCost PriceProposal.exchangeRate PriceProposal.exchangeRateValidFrom PriceProposal.waitsUntil",
    "Job.lane Job.lockedUntil Lane.closedUntil Lane.oldestDueAt Queue.oldestDueAt",
    // Lists that are not counted.
    "CollectionConnection.totalCount ImportErrorConnection.totalCount LedgerEntryConnection.totalCount
        SupplierFetchErrorConnection.totalCount SupplierItemConnection.totalCount SupplierItemErrorConnection.totalCount",
    "SupplierTestStep",
    "SupplierCatalogFetch.failure SupplierCatalogFetch.query",
    "OrderEventConnection.totalCount OrderHistoryEventConnection.totalCount ProductVariantConnection.totalCount",
    "PriceChangeConnection.totalCount PriceProposalConnection.totalCount",
    "ReservationConnection.totalCount StockCommitmentConnection.totalCount SupplierOfferConnection.totalCount",
    "SupplierOrderStepConnection.totalCount SupplierRequestConnection.totalCount",
];

/// The permission that lets staff see what is not published.
pub const DRAFTS: Permission = Catalog;
