//! The session itself: opening a project, editing it, undoing, asking for work.

use crate::actions::Action;
use crate::derived::{Key, Made, Shelf};
use crate::events::Output;
use crate::keys::Keys;
use crate::lanes::{Ended, JobId, JobStatus, Lane, LaneName};
use crate::notices::{Notice, NoticeId, Notices};
use crate::pages::Pages;
use crate::results::{Checked, ExportPreview, Traced};
use crate::save::{SaveState, SaveStatus, SharedProject};
use crate::undo::UndoStack;
use crate::{Document, Edit, Wake};
use attune_lab::data::Profile;
use attune_lab::data::import::{Detected, ImportOptions};
use attune_lab::project::{Access, Exported, Loaded, Opened, Parts, Project, TrainedModel, samples, slug};
use attune_lab::simulate::Report;
use attune_lab::{Error, Result};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An open project. It belongs to one thread; jobs run on its lanes.
pub struct Session {
    pub(crate) dir: PathBuf,
    pub(crate) project: SharedProject,
    pub(crate) undo: UndoStack,
    pub(crate) saved: SaveState,
    pub(crate) notices: Notices,
    pub(crate) shelves: Shelves,
    pub(crate) pages: RefCell<Pages>,
    /// Keys of the results that belong to the document as it stands.
    pub(crate) keys: Keys,
    pub(crate) wanted: Wanted,
    pub(crate) io: Lane<Output>,
    pub(crate) compute: Lane<Output>,
    pub(crate) preview: Lane<Output>,
    pub(crate) ended: Receiver<Ended<Output>>,
    /// What runs or waits in each slot.
    pub(crate) in_flight: RefCell<BTreeMap<String, InFlight>>,
    pub(crate) next_job: Cell<u64>,
    pub(crate) wake: Wake,
}

/// Results by kind, found again by key.
pub(crate) struct Shelves {
    pub inspection: Option<Made<Detected>>,
    pub data: Shelf<Loaded>,
    pub profile: Shelf<Profile>,
    pub checked: Shelf<Checked>,
    /// Per model id.
    pub models: BTreeMap<String, Shelf<TrainedModel>>,
    /// Keys that were looked for on the disk already.
    pub looked_up: BTreeSet<Key>,
    pub preview: Shelf<Report>,
    pub simulation: Shelf<Report>,
    pub trace: Shelf<Traced>,
    pub export: Shelf<ExportPreview>,
    pub exported: Option<Arc<Exported>>,
}

impl Shelves {
    /// The trained models of one id.
    pub(crate) fn model(&mut self, id: &str) -> &mut Shelf<TrainedModel> {
        self.models.entry(id.to_owned()).or_insert_with(|| Shelf::with_room(16))
    }
}

/// What somebody looks at or has asked for, beyond what is always made.
#[derive(Default)]
pub(crate) struct Wanted {
    pub trace: Cell<Option<usize>>,
    pub export: Cell<bool>,
    /// Simulate once its models are trained.
    pub simulation: bool,
}

/// A job under way.
#[derive(Clone, Debug)]
pub(crate) struct InFlight {
    pub id: JobId,
    pub key: Option<Key>,
    pub cancelled_by_user: bool,
}

impl Session {
    /// Opens the project in `dir` for editing. Edits that a crash left behind come back, with a notice.
    ///
    /// # Errors
    /// When the folder is no project, is open elsewhere, cannot be written, or was written by a newer version.
    pub fn open(dir: &Path, wake: Wake) -> Result<Session> {
        let Opened { project, parts, problems, recovered } = Project::open(dir, Access::Write)?;
        let mut session = Session::start(project, parts, wake)?;
        if let Some(label) = recovered {
            let text = format!("Attune ended unexpectedly; your last edits came back, up to “{label}”");
            session.notices.push(crate::NoticeKind::Warning, text, None);
        }
        problems.iter().for_each(|problem| session.notices.warning(problem));
        session.poll();
        Ok(session)
    }

    /// Makes an empty project called `name` in `dir` and opens it.
    ///
    /// # Errors
    /// When `dir` is a project already or cannot be written.
    pub fn create(dir: &Path, name: &str, wake: Wake) -> Result<Session> {
        let (project, parts) = Project::create_empty(dir, name)?;
        let mut session = Session::start(project, parts, wake)?;
        session.poll();
        Ok(session)
    }

    /// Makes a project in `dir` from a customer file: it opens empty, and the file is imported with suggested roles and
    /// a starter policy as soon as it is read.
    ///
    /// # Errors
    /// When `dir` is a project already or cannot be written, or there is no such file.
    pub fn create_from_file(dir: &Path, file: &Path, wake: Wake) -> Result<Session> {
        if !file.is_file() {
            return Err(Error::new("there is no such file").in_file(file));
        }
        let name = file.file_stem().map_or_else(|| "project".into(), |n| n.to_string_lossy().into_owned());
        let mut session = Session::create(dir, &name, wake)?;
        session.run(Action::Import { path: file.to_owned(), options: ImportOptions::default() })?;
        Ok(session)
    }

    /// Opens the sample project, making it in `projects` (a folder of projects) when it is not there.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn sample(projects: &Path, wake: Wake) -> Result<Session> {
        let is_new = !projects.join(samples::NAME).join("project.ron").exists();
        let mut session = Session::open(&samples::ensure(projects)?, wake)?;
        if is_new {
            // Whoever sees it for the first time should see it at work, not a list of things to press.
            session.run(Action::Simulate)?;
        }
        Ok(session)
    }

    fn start(project: Project, parts: Parts, wake: Wake) -> Result<Session> {
        let (sender, ended) = sync_channel(1024);
        let lane = |name| {
            Lane::start(name, sender.clone(), wake.clone())
                .map_err(|e| Error::new(format!("the system gave no thread: {e}")))
        };
        Ok(Session {
            dir: project.dir().to_owned(),
            project: Arc::new(Mutex::new(project)),
            undo: UndoStack::new(Arc::new(parts)),
            saved: SaveState { status: SaveStatus::Saved, at: None },
            notices: Notices::default(),
            shelves: Shelves {
                inspection: None,
                data: Shelf::with_room(2),
                profile: Shelf::with_room(8),
                checked: Shelf::with_room(64),
                models: BTreeMap::new(),
                looked_up: BTreeSet::new(),
                preview: Shelf::with_room(64),
                simulation: Shelf::with_room(64),
                trace: Shelf::with_room(64),
                export: Shelf::with_room(4),
                exported: None,
            },
            pages: RefCell::new(Pages::default()),
            keys: Keys::default(),
            wanted: Wanted::default(),
            io: lane(LaneName::Io)?,
            compute: lane(LaneName::Compute)?,
            preview: lane(LaneName::Preview)?,
            ended,
            in_flight: RefCell::default(),
            next_job: Cell::new(0),
            wake,
        })
    }

    /// The project's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The document as it stands.
    pub fn document(&self) -> &Document {
        self.undo.document()
    }

    /// Changes the document. The step can be undone; an edit that changes nothing leaves no step.
    ///
    /// # Errors
    /// In words when the edit does not fit the document, which is then as it was.
    pub fn apply(&mut self, edit: Edit) -> Result<()> {
        let label = edit.label(self.document());
        let next = edit.apply(self.document())?;
        debug_assert_eq!(
            next.breaches(),
            self.document().breaches(),
            "an edit broke an invariant of the document: {label}"
        );
        if self.undo.push(label, Arc::new(next)) {
            self.changed();
        }
        Ok(())
    }

    /// Edits from here to [`Session::end_gesture`] are one undo step: a drag, a slider, typing into one box.
    pub fn begin_gesture(&mut self) {
        self.undo.begin_gesture();
    }

    /// Ends the gesture.
    pub fn end_gesture(&mut self) {
        self.undo.end_gesture();
    }

    /// Takes back everything since the gesture began, as Escape during a drag does.
    pub fn abandon_gesture(&mut self) {
        self.undo.abandon_gesture();
        self.changed();
    }

    /// Takes back the last step; its label.
    pub fn undo(&mut self) -> Option<String> {
        let label = self.undo.undo()?;
        self.changed();
        Some(label)
    }

    /// Does again what was taken back last; its label.
    pub fn redo(&mut self) -> Option<String> {
        let label = self.undo.redo()?;
        self.changed();
        Some(label)
    }

    /// Label of the step that [`Session::undo`] would take back.
    pub fn can_undo(&self) -> Option<&str> {
        self.undo.can_undo()
    }

    /// Label of the step that [`Session::redo`] would do again.
    pub fn can_redo(&self) -> Option<&str> {
        self.undo.can_redo()
    }

    /// Labels of the steps that can be undone, latest first.
    pub fn history(&self) -> Vec<&str> {
        self.undo.history().collect()
    }

    /// An id like `text` that no rule, cap, holdout, model or scenario has.
    pub fn free_id(&self, text: &str) -> String {
        let parts = self.document();
        let draft = &parts.draft;
        slug(text, &|id| {
            draft.rules.iter().any(|r| r.id == id)
                || draft.caps.iter().any(|c| c.id == id)
                || draft.holdouts.iter().any(|h| h.id == id)
                || draft.actions.iter().any(|a| a.id == id)
                || parts.model_ids().any(|model| model == id)
                || parts.attached.iter().any(|a| a.id == id)
                || parts.scenarios.iter().any(|s| s.id == id)
        })
    }

    /// What runs and waits, lane by lane.
    pub fn jobs(&self) -> Vec<JobStatus> {
        [&self.io, &self.compute, &self.preview].into_iter().flat_map(Lane::jobs).collect()
    }

    /// Tells a job to stop. What it would have made stays as it was.
    pub fn cancel(&mut self, id: JobId) {
        for lane in [&self.io, &self.compute, &self.preview] {
            if let Some(slot) = lane.cancel(id) {
                // It never started, so no end will be reported.
                self.in_flight.borrow_mut().remove(&slot);
            }
        }
        if let Some(job) = self.in_flight.borrow_mut().values_mut().find(|job| job.id == id) {
            job.cancelled_by_user = true;
        }
        self.wanted.simulation = false;
    }

    /// What the user should be told, oldest first.
    pub fn notices(&self) -> &[Notice] {
        self.notices.list()
    }

    /// The user has seen a notice.
    pub fn dismiss(&mut self, id: NoticeId) {
        self.notices.dismiss(id);
    }

    /// Tells the user something, as a toast.
    pub fn notify(&mut self, kind: crate::NoticeKind, text: impl Into<String>) {
        self.notices.push(kind, text, None);
    }

    /// Takes in what jobs have finished and starts what follows from the document. Call it once per frame; it never waits.
    /// Returns whether anything new came in.
    pub fn poll(&mut self) -> bool {
        let mut news = false;
        while let Ok(ended) = self.ended.try_recv() {
            self.take_in(ended);
            news = true;
        }
        self.schedule();
        news
    }

    /// Polls until nothing runs and nothing is about to, autosave aside; for tests and the command line. Returns whether that came
    /// about in time.
    pub fn wait_idle(&mut self, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        loop {
            // Busy is asked before polling: a job that ends in between is taken in by the poll.
            let busy = [&self.io, &self.compute, &self.preview].into_iter().any(Lane::is_busy);
            let jobs = self.next_job.get();
            let news = self.poll();
            // A job that the poll started may have ended already: nothing is busy, and its end is still to be taken in.
            let started = self.next_job.get() != jobs;
            if !busy && !news && !started {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn changed(&mut self) {
        self.save_later(false);
        self.schedule();
        (self.wake)();
    }
}
