//! A list of contacts becomes the history of the project, and what its rows are can be said otherwise.

use super::{idle, open_small, words};
use crate::{Action, Edit, Session};
use attune_lab::data::import::ImportOptions;
use attune_lab::project::RowEvent;
use attune_policy::contact::{Cap, EventKind};

fn contacted(session: &mut Session) -> f64 {
    session.run(Action::Simulate).unwrap();
    idle(session);
    let report = session.simulation().ready().cloned().unwrap_or_else(|| panic!("{:?}", session.notices()));
    report.main().unwrap().share_contacted
}

#[test]
fn caps_see_a_list_of_contacts_until_it_is_said_to_be_something_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open_small(dir.path());
    let ever = Cap { id: "once".into(), name: "Once".into(), limit: Some(1), ..Cap::default() };
    session.apply(Edit::AddCap(ever)).unwrap();
    let mut list = String::from("customer_id,sent_at\n");
    (1..=3_000).for_each(|person| list.push_str(&format!("C{person:06},2001-01-01\n")));
    let file = dir.path().join("mails.csv");
    std::fs::write(&file, list).unwrap();
    session.run(Action::ImportHistory { path: file, options: ImportOptions::default() }).unwrap();
    idle(&mut session);
    assert!(
        words(&session).iter().any(|w| w.contains("a history of 3000 events. Every row counts as sent")),
        "{:?}",
        words(&session)
    );
    assert_eq!(contacted(&mut session), 0.0);
    let event = |session: &Session| session.document().sources[1].event.clone();
    assert_eq!(event(&session), Some(RowEvent::Every(EventKind::Sent)));

    let clicks = RowEvent::Every(EventKind::Click);
    session.apply(Edit::SetEvent { source: "history".into(), event: clicks.clone() }).unwrap();
    idle(&mut session);
    assert!(session.simulation().is_stale() || session.simulation().ready().is_none(), "the history is another one");
    assert!(contacted(&mut session) > 0.05);
    assert_eq!(event(&session), Some(clicks));
    session.undo().unwrap();
    idle(&mut session);
    assert_eq!(session.simulation().ready().map(|report| report.main().unwrap().share_contacted), Some(0.0));
}
