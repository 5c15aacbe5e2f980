//! When a provision starts, by table.

use super::*;

const LIMITS: Limits = Limits {
    debounce: Duration::from_secs(2),
    debounce_max: Duration::from_secs(30),
    min_interval: Duration::from_secs(60),
};

fn at(seconds: u64) -> Uptime {
    Duration::from_secs(seconds)
}

fn queue() -> Queue {
    Queue::new(LIMITS, Switch::On, Uptime::ZERO, 0)
}

#[test]
fn changes_are_debounced_up_to_the_cap() {
    let mut queue = queue();
    assert_eq!(queue.next(at(100)), Step::Idle);
    for second in 100..140 {
        queue.change(at(second), Duration::ZERO);
        let due = (second + 2).min(130);
        let expected = if due > second {
            Step::Until(at(due))
        } else {
            Step::Due
        };
        assert_eq!(queue.next(at(second)), expected, "{second}");
    }
    assert_eq!(queue.reasons(), BTreeSet::from([Reason::Change]));
    queue.up_to_date();
    assert_eq!(queue.next(at(140)), Step::Idle);
}

#[test]
fn the_interval_throttles_everything_but_operator_requests() {
    let mut queue = Queue::new(LIMITS, Switch::On, at(50), 0);
    queue.start_at(at(0));
    assert_eq!(queue.next(at(0)), Step::Until(at(50)));
    queue.kick();
    assert_eq!(queue.next(at(1)), Step::Due);
    let served = queue.started(at(1));
    assert!(served.iter().eq(&[Reason::Start, Reason::Kick]));
    queue.change(at(2), at(7));
    assert_eq!(queue.next(at(3)), Step::Idle);
    queue.ended(at(9), true);
    assert_eq!(queue.next(at(9)), Step::Until(at(61)));
    queue.set_limits(
        Limits {
            min_interval: at(5),
            ..LIMITS
        },
        at(9),
    );
    assert_eq!(queue.next(at(9)), Step::Until(at(14)));
}

#[test]
fn a_failure_is_retried_with_backoff_and_a_change_does_not_wait_for_that() {
    let mut queue = Queue::new(
        Limits {
            min_interval: Duration::ZERO,
            ..LIMITS
        },
        Switch::On,
        Uptime::ZERO,
        5,
    );
    queue.start_at(at(0));
    queue.started(at(0));
    queue.ended(at(1), false);
    assert_eq!(queue.next(at(1)), Step::Until(at(161)));
    queue.change(at(10), Duration::ZERO);
    assert_eq!(queue.next(at(10)), Step::Until(at(12)));
    queue.up_to_date();
    assert_eq!(queue.next(at(12)), Step::Until(at(161)));
}

#[test]
fn an_expired_off_turns_on_and_queues_a_provision() {
    let mut queue = queue();
    let off = Switch::Off {
        until: Some(at(10)),
    };
    queue.switch(off);
    queue.change(at(0), Duration::ZERO);
    assert_eq!(queue.next(at(9)), Step::Until(at(10)));
    assert_eq!(queue.next(at(10)), Step::Due);
    assert!(queue.reasons().contains(&Reason::On));
    queue.busy(true);
    assert_eq!(queue.next(at(10)), Step::Idle);
    queue.busy(false);
    queue.refused(at(11));
    assert_eq!(queue.next(at(10)), Step::Until(at(11)));
}

#[test]
fn what_a_provision_left_unapplied_is_provisioned_again_with_backoff_until_it_is_applied() {
    let limits = Limits {
        min_interval: Duration::ZERO,
        ..LIMITS
    };
    let mut queue = Queue::new(limits, Switch::On, Uptime::ZERO, 0);
    let mut now = 0;
    for wait in [5, 10, 20] {
        assert!(queue.stale(at(now), 0));
        // Compared again meanwhile: it is queued already.
        assert!(!queue.stale(at(now + 1), 0));
        assert_eq!(queue.next(at(now + 1)), Step::Until(at(now + wait)));
        now += wait;
        assert_eq!(queue.next(at(now)), Step::Due);
        assert_eq!(queue.started(at(now)), BTreeSet::from([Reason::Stale]));
        queue.ended(at(now), true);
    }
    assert_eq!(queue.stale_provisions(), 3);
    queue.stale(at(now), 0);
    // A change does not wait for that.
    queue.change(at(now), Duration::ZERO);
    assert_eq!(queue.next(at(now)), Step::Until(at(now + 2)));
    queue.up_to_date();
    assert_eq!(
        (queue.next(at(now)), queue.stale_provisions()),
        (Step::Idle, 0)
    );
    queue.stale(at(now), 0);
    assert_eq!(queue.next(at(now)), Step::Until(at(now + 5)));
}
