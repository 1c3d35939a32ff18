//! What several servers on one database count together.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::support::{Person, World};

/// How many of `each` reads at each of `worlds`, all at once, are let through.
async fn let_through(
    worlds: &[Arc<World>],
    shop: &Person,
    target: &'static str,
    each: usize,
) -> usize {
    let mut tasks = JoinSet::new();
    for world in worlds {
        for _ in 0..8 {
            let (world, shop) = (Arc::clone(world), shop.clone());
            tasks.spawn(async move {
                let mut passed = 0;
                for _ in 0..each.div_ceil(8) {
                    let status = world.get(target).by(&shop).send().await.status;
                    assert!(status == 200 || status == 429, "{status}");
                    passed += usize::from(status == 200);
                }
                passed
            });
        }
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_share_a_database_exceed_no_low_limit_and_others_by_a_tenth_at_most() {
    let first = World::shared().await;
    let shop = first.person("shop").await;
    let (second, third) = (first.beside().await, first.beside().await);
    let worlds = [first, second, third].map(Arc::new);
    assert_eq!(let_through(&worlds, &shop, "/1.1/account/settings.json", 16).await, 15);
    let shown = let_through(&worlds, &shop, "/1.1/users/show.json?screen_name=shop", 400).await;
    assert!((900..=990).contains(&shown), "{shown}");
}
