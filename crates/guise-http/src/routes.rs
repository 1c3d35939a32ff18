//! Tables of paths.

/// Makes a router of a table, and the table itself known to those who compare it with something.
macro_rules! routes {
    ($(#[$attribute:meta])* $table:ident $router:ident $($path:literal $($verb:ident $handler:path),+;)*) => {
        /// Paths, each with its verbs.
        $(#[$attribute])*
        pub(crate) const $table: &[(&str, &[&str])] = &[$(($path, &[$(stringify!($verb)),+])),*];

        fn $router() -> axum::Router<crate::state::Guise> {
            axum::Router::new()
                $(.route($path, axum::routing::MethodRouter::new()$(.$verb($handler))+))*
        }
    };
}
