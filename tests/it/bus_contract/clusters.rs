//! What only a cluster does: topics spread, move from node to node, and are gone with a node until it is back.

use std::time::Instant;

use super::*;

/// A topic on each node of the cluster.
fn one_on_each(cluster: &Cluster) -> [Topic; 3] {
    [0, 1, 2].map(|node| {
        loop {
            let topic = topic();
            if cluster.node_of(&topic.to_string()) == node {
                return topic;
            }
        }
    })
}

/// Publishes until it is heard: what comes before that may be lost.
async fn gets_through(from: &dyn Bus, topic: Topic, to: &Subscription) {
    let mut frames = Vec::new();
    let publishing = async {
        while !frames.contains(&frame(77)) {
            from.publish(topic, frame(77));
            let _ = timeout(Duration::from_millis(100), to.next(&mut frames)).await;
        }
    };
    timeout(PATIENCE, publishing).await.expect("a frame gets through");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_spread_over_all_nodes() {
    let rig = Over::<Cluster>::new();
    let [one, _] = rig.nodes();
    until(&*one, BusState::Up).await;
    let mut kept = Vec::new();
    for _ in 0..30 {
        let topic = topic();
        kept.push((topic.to_string(), one.subscribe(topic).await));
    }
    for node in 0..3 {
        let mut there = rig.server.channels_at(node);
        let mut due: Vec<_> = kept.iter().map(|(channel, _)| channel.clone()).collect();
        due.retain(|channel| rig.server.node_of(channel) == node);
        assert!(!due.is_empty());
        there.sort();
        due.sort();
        assert_eq!(there, due);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_moves_to_another_node_is_subscribed_to_there() {
    let rig = Over::<Cluster>::new();
    let topics = one_on_each(&rig.server);
    let [moves, stays, _] = topics;
    let both = both_listen(&rig, moves).await;
    let others = both_listen(&rig, stays).await;
    rig.server.migrate(&moves.to_string(), 1);
    // Nobody publishes: it is found all the same.
    for subscription in &both {
        misses(subscription).await;
    }
    let [one, other] = rig.nodes();
    gets_through(&*one, moves, &both[1]).await;
    gets_through(&*other, moves, &both[0]).await;
    assert!(rig.server.channels_at(1).contains(&moves.to_string()));
    one.publish(stays, frame(1));
    assert_eq!(hears(&others[1], 1).await, [frame(1)], "and nothing was missed");
    assert_eq!(one.state(), BusState::Up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscription_that_a_node_drops_in_silence_is_found_and_made_again() {
    let rig = Over::<Cluster>::new();
    let [topic, ..] = one_on_each(&rig.server);
    let both = both_listen(&rig, topic).await;
    // There and back, before anybody looks at who has which slots.
    rig.server.migrate(&topic.to_string(), 1);
    rig.server.migrate(&topic.to_string(), 0);
    for subscription in &both {
        misses(subscription).await;
    }
    let [one, other] = rig.nodes();
    gets_through(&*one, topic, &both[1]).await;
    gets_through(&*other, topic, &both[0]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_away_takes_its_topics_along_and_no_others() {
    let mut rig = Over::<Cluster>::new();
    let [dead, living, _] = one_on_each(&rig.server);
    let (at_dead, at_living) = (both_listen(&rig, dead).await, both_listen(&rig, living).await);
    let [one, other] = rig.nodes();
    rig.server.nodes[0].kill();
    until(&*one, BusState::Down).await;
    until(&*other, BusState::Down).await;
    let began = Instant::now();
    for number in 0..20 {
        one.publish(living, frame(number));
        one.publish(dead, frame(number));
        assert_eq!(hears(&at_living[1], 1).await, [frame(number)], "and nothing was missed");
    }
    let late = timeout(Duration::from_secs(2), one.subscribe(topic())).await;
    assert!(late.is_ok(), "nobody waits for a node that is away");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    rig.server.nodes[0].go_on();
    for subscription in &at_dead {
        misses(subscription).await;
    }
    for bus in [&one, &other] {
        until(&**bus, BusState::Up).await;
    }
    gets_through(&*one, dead, &at_dead[1]).await;
    gets_through(&*other, dead, &at_dead[0]).await;
    one.publish(living, frame(99));
    assert_eq!(hears(&at_living[1], 1).await, [frame(99)], "and nothing was missed, to the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_the_place_of_a_dead_node_carries_its_topics() {
    let mut rig = Over::<Cluster>::new();
    let [dead, ..] = one_on_each(&rig.server);
    let replica = rig.server.replicate(0);
    let both = both_listen(&rig, dead).await;
    rig.server.nodes[0].kill();
    for subscription in &both {
        misses(subscription).await;
    }
    let [one, other] = rig.nodes();
    for bus in [&one, &other] {
        until(&**bus, BusState::Up).await;
    }
    gets_through(&*one, dead, &both[1]).await;
    gets_through(&*other, dead, &both[0]).await;
    assert!(replica.ask(&["pubsub", "shardchannels"]).contains(&dead.to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_topics_are_subscribed_to_again_within_seconds() {
    let mut rig = Over::<Cluster>::new();
    let [one, _] = rig.nodes();
    until(&*one, BusState::Up).await;
    let mut kept = Vec::new();
    for _ in 0..1000 {
        kept.push(one.subscribe(topic()).await);
    }
    let count = |rig: &Over<Cluster>| [0, 1, 2].map(|node| rig.server.channels_at(node).len());
    assert_eq!(count(&rig).iter().sum::<usize>(), 1000);
    rig.server.nodes[0].kill();
    until(&*one, BusState::Down).await;
    rig.server.nodes[0].go_on();
    until(&*one, BusState::Up).await;
    let began = Instant::now();
    // A node that is back takes subscriptions only once it has heard of the others.
    while count(&rig).iter().sum::<usize>() < 1000 {
        assert!(began.elapsed() < Duration::from_secs(6), "{:?}", count(&rig));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
