//! Relay connections: pages of every list that has no bound.

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use std::borrow::Cow;
use std::future::Future;

use crate::kernel::page::{MAX_PAGE, Page, PageRequest};
use crate::kernel::problem::Fault;

/// The size of a page when neither `first` nor `last` is given.
pub const DEFAULT_PAGE: usize = 20;

/// Which page is asked for, as a client says it.
#[derive(Debug, Clone, Default)]
pub struct PageArgs {
    /// How many from the start.
    pub first: Option<i32>,
    /// The cursor to start behind.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// The cursor to end before.
    pub before: Option<String>,
}

impl PageArgs {
    /// The arguments of a list that is read in one direction.
    pub fn forward(first: Option<i32>, after: Option<String>) -> Self {
        Self { first, after, ..Self::default() }
    }

    /// The arguments of a list that is read in both.
    pub fn new(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Self {
        Self { first, after, last, before }
    }

    /// Checks them: `first` or `last`, not both; between 1 and [`MAX_PAGE`]; the cursor of the same side.
    pub fn request(self) -> Result<PageRequest, Fault> {
        match (self.first, self.last) {
            (Some(_), Some(_)) => Err(bad("give either first or last, not both")),
            (_, None) if self.before.is_some() => Err(bad("before goes with last")),
            (first, None) => {
                let size = first.map_or(Ok(DEFAULT_PAGE), |first| page_size("first", first))?;
                Ok(PageRequest { size, cursor: self.after, backward: false })
            }
            (None, Some(_)) if self.after.is_some() => Err(bad("after goes with first")),
            (None, Some(last)) => {
                Ok(PageRequest { size: page_size("last", last)?, cursor: self.before, backward: true })
            }
        }
    }
}

fn page_size(name: &str, size: i32) -> Result<usize, Fault> {
    usize::try_from(size)
        .ok()
        .filter(|size| (1..=MAX_PAGE).contains(size))
        .ok_or_else(|| bad(&format!("{name} must be between 1 and {MAX_PAGE}")))
}

fn bad(message: &str) -> Fault {
    Fault::BadInput(message.to_owned())
}

/// Where a page lies in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Whether items follow.
    pub has_next_page: bool,
    /// Whether items precede.
    pub has_previous_page: bool,
    /// The cursor of the first item; null on an empty page.
    pub start_cursor: Option<String>,
    /// The cursor of the last item; null on an empty page.
    pub end_cursor: Option<String>,
}

/// A page of a list.
pub struct Connection<T> {
    page: Page<T>,
    total: Option<i64>,
}

impl<T> Connection<T> {
    /// A connection of `page`, whose list is not counted.
    pub fn new(page: Page<T>) -> Self {
        Self { page, total: None }
    }

    /// A connection of `page`; `count` runs only if the client selected `totalCount`.
    pub async fn counted<E>(
        ctx: &Context<'_>,
        page: Page<T>,
        count: impl Future<Output = Result<i64, E>>,
    ) -> Result<Self, E> {
        let wanted = ctx.look_ahead().field("totalCount").exists();
        let total = if wanted { Some(count.await?) } else { None };
        Ok(Self { page, total })
    }
}

impl<T: OutputType> TypeName for Connection<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// A page of a list.
#[Object(name_type)]
impl<T: OutputType> Connection<T> {
    /// The items of the page.
    async fn nodes(&self) -> Vec<&T> {
        self.page.items.iter().map(|(_, item)| item).collect()
    }

    /// The items of the page, each with its cursor.
    async fn edges(&self) -> Vec<Edge<'_, T>> {
        self.page.items.iter().map(|(cursor, node)| Edge { cursor, node }).collect()
    }

    /// Where the page lies in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.has_next,
            has_previous_page: self.page.has_previous,
            start_cursor: self.page.items.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: self.page.items.last().map(|(cursor, _)| cursor.clone()),
        }
    }

    /// How many items the whole list has; null for a list that is not counted.
    async fn total_count(&self) -> Option<i64> {
        self.total
    }
}

/// An item with its cursor.
pub struct Edge<'a, T> {
    cursor: &'a str,
    node: &'a T,
}

impl<T: OutputType> TypeName for Edge<'_, T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An item with its cursor.
#[Object(name_type)]
impl<T: OutputType> Edge<'_, T> {
    /// The place of the item in the list: hand it to `after` or `before`.
    async fn cursor(&self) -> &str {
        self.cursor
    }

    /// The item.
    async fn node(&self) -> &T {
        self.node
    }
}
