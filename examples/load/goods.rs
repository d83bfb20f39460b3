//! The goods of the store: made up, alike in every run.

use std::fmt::Write as _;

const LOOKS: [&str; 20] = [
    "Amber", "Ashen", "Birch", "Brass", "Cobalt", "Copper", "Coral", "Ebony", "Ivory", "Linen", "Marble", "Maple",
    "Olive", "Pearl", "Rattan", "Slate", "Teak", "Velvet", "Walnut", "Woollen",
];
const KINDS: [&str; 25] = [
    "Armchair", "Basket", "Bench", "Blanket", "Bookend", "Bowl", "Candle", "Carafe", "Clock", "Cushion", "Desk",
    "Frame", "Hook", "Jug", "Lamp", "Mirror", "Mug", "Planter", "Rug", "Shelf", "Stool", "Tray", "Trunk", "Vase",
    "Wardrobe",
];
const SIZES: [&str; 3] = ["Small", "Medium", "Large"];
/// Enough that no run sells out.
const STOCK: u32 = 10_000_000;

/// What customers search for.
pub fn words() -> impl Iterator<Item = String> {
    let looks = LOOKS.iter().map(|look| look.to_lowercase());
    looks.chain(KINDS.iter().map(|kind| kind.to_lowercase()))
}

/// The SKUs of a product's variants.
pub fn skus(product: usize) -> [String; 3] {
    SIZES.map(|size| format!("P{product:05}-{}", &size[..1]))
}

/// Whether `supplier` (the first or the second) offers a product: each has half, and both a quarter.
pub fn offers(supplier: usize, product: usize) -> bool {
    product % 2 == supplier || product.is_multiple_of(4)
}

/// What one of a product's variants costs the store, in cents.
pub fn cost(product: usize, size: usize) -> usize {
    500 + product % 90 * 10 + size * 250
}

/// How many of everything each supplier has.
pub fn stock() -> u32 {
    STOCK
}

/// A supplier's catalogue: `products` products of three variants each, those it offers.
pub fn catalog(supplier: usize, products: usize) -> String {
    let mut file = String::from(
        "product,title,description,sku,option1_name,option1_value,price,compare_at,cost,quantity,collection,image_url,image_alt\n",
    );
    for product in (0..products).filter(|&product| offers(supplier, product)) {
        let (look, kind) = (LOOKS[product % LOOKS.len()], KINDS[product / LOOKS.len() % KINDS.len()]);
        let title = format!("{look} {kind} No. {product}");
        let description = format!(
            "The {title} is made by hand in small series. {look} on the outside and sturdy within, it keeps its form \
             and its color for years. Wipe it with a damp cloth. Sent in a box without plastic; taken back within \
             thirty days if it does not please."
        );
        let images: Vec<String> =
            (1..=3).map(|place| format!("https://images.example.com/{product}/{place}.jpg")).collect();
        for (size, sku) in skus(product).iter().enumerate() {
            let (name, cost) = (SIZES[size], cost(product, size));
            let money = |cents: usize| format!("{}.{:02}", cents / 100, cents % 100);
            let line = format!(
                "p{product},{title},\"{description}\",{sku},Size,{name},{},{},{},{STOCK},{kind}s,{},{title}",
                money(cost * 2),
                money(cost * 5 / 2),
                money(cost),
                images.join("|"),
            );
            // Writing to a text cannot fail.
            let _ = writeln!(file, "{line}");
        }
    }
    file
}
