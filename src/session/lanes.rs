//! Lanes: one named thread each, a bounded queue, latest wins inside a slot. A job that panics becomes a failure in words; one
//! that was told to stop is cancelled, which is an outcome and not a failure.
//!
//! A lane knows nothing of what its jobs do.

use attune_lab::task::{Progress, Task};
use attune_lab::{Error, Result};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Jobs that may wait in one lane.
const QUEUE: usize = 64;

/// Names a job for as long as the session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// Which lane a job runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneName {
    /// Files: import, load, save.
    Io,
    /// Long work asked for: training, simulation, export.
    Compute,
    /// Quick answers while editing; a newer question replaces an older one.
    Preview,
}

/// What is waiting or running.
#[derive(Clone, Debug, PartialEq)]
pub struct JobStatus {
    /// Which job.
    pub id: JobId,
    /// Its lane.
    pub lane: LaneName,
    /// What it does, in words.
    pub title: String,
    /// Its stage, in words; empty while it waits.
    pub stage: String,
    /// Share done of the stage, 0 to 1; `None` while it waits.
    pub fraction: Option<f32>,
}

/// How a job ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// With a result.
    Done(T),
    /// It was told to stop, or a newer job took its place.
    Cancelled,
    /// It failed, and why.
    Failed(Error),
}

/// The end of a job, as the session learns of it.
#[derive(Debug)]
pub struct Ended<T> {
    /// Which job.
    pub id: JobId,
    /// Its slot.
    pub slot: String,
    /// What it did, in words.
    pub title: String,
    /// As in [`Job::tag`].
    pub tag: Option<String>,
    /// How it ended.
    pub outcome: Outcome<T>,
}

/// What a job does.
pub type Work<T> = Box<dyn FnOnce(&Task) -> Result<T> + Send>;

/// Work to be done.
pub struct Job<T> {
    /// Which job.
    pub id: JobId,
    /// Jobs of one slot replace each other: the waiting one is dropped, the running one is told to stop.
    pub slot: String,
    /// What it does, in words.
    pub title: String,
    /// Handed back with the end.
    pub tag: Option<String>,
    /// Not before this has passed.
    pub delay: Duration,
    /// Whether it shows in the list of jobs.
    pub visible: bool,
    /// The work.
    pub work: Work<T>,
}

/// A lane; dropping it cancels what runs and forgets what waits.
pub struct Lane<T> {
    name: LaneName,
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    queue: Mutex<Queue<T>>,
    changed: Condvar,
}

struct Queue<T> {
    waiting: VecDeque<(Instant, Job<T>)>,
    running: Option<Running>,
    closed: bool,
}

struct Running {
    id: JobId,
    slot: String,
    title: String,
    visible: bool,
    task: Task,
}

impl<T: Send + 'static> Lane<T> {
    /// Starts the thread of a lane. `ended` is told of every end, then `wake` is called; `wake` also follows progress.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        name: LaneName,
        ended: SyncSender<Ended<T>>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> std::io::Result<Lane<T>> {
        let queue = Queue { waiting: VecDeque::new(), running: None, closed: false };
        let shared = Arc::new(Shared { queue: Mutex::new(queue), changed: Condvar::new() });
        let of_thread = shared.clone();
        let thread = match name {
            LaneName::Io => "io",
            LaneName::Compute => "compute",
            LaneName::Preview => "preview",
        };
        std::thread::Builder::new().name(thread.into()).spawn(move || run(&of_thread, &ended, &wake))?;
        Ok(Lane { name, shared })
    }

    /// Queues a job.
    ///
    /// # Errors
    /// When too many wait already.
    pub fn submit(&self, job: Job<T>) -> Result<()> {
        let mut queue = self.shared.lock();
        if let Some(running) = &queue.running
            && running.slot == job.slot
        {
            running.task.cancel();
        }
        queue.waiting.retain(|(_, waiting)| waiting.slot != job.slot);
        if queue.waiting.len() >= QUEUE {
            return Err(Error::new(format!("{QUEUE} jobs are waiting already")).hint("cancel some of them first"));
        }
        queue.waiting.push_back((Instant::now() + job.delay, job));
        drop(queue);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Cancels a job, running or waiting. A waiting one is forgotten; the answer is its slot.
    pub fn cancel(&self, id: JobId) -> Option<String> {
        let mut queue = self.shared.lock();
        if let Some(running) = &queue.running
            && running.id == id
        {
            running.task.cancel();
        }
        let at = queue.waiting.iter().position(|(_, job)| job.id == id)?;
        queue.waiting.remove(at).map(|(_, job)| job.slot)
    }

    /// What runs and waits, in order, of the jobs that show.
    pub fn jobs(&self) -> Vec<JobStatus> {
        let queue = self.shared.lock();
        let running = queue.running.iter().filter(|r| r.visible).map(|r| {
            let Progress { stage, fraction } = r.task.progress();
            JobStatus { id: r.id, lane: self.name, title: r.title.clone(), stage, fraction: Some(fraction) }
        });
        let waiting = queue.waiting.iter().filter(|(_, j)| j.visible).map(|(_, j)| JobStatus {
            id: j.id,
            lane: self.name,
            title: j.title.clone(),
            stage: String::new(),
            fraction: None,
        });
        running.chain(waiting).collect()
    }

    /// Progress of what runs in a slot; default progress while it waits; `None` when nothing does.
    pub fn progress(&self, slot: &str) -> Option<Progress> {
        let queue = self.shared.lock();
        if let Some(running) = queue.running.as_ref().filter(|r| r.slot == slot && !r.task.is_cancelled()) {
            return Some(running.task.progress());
        }
        queue.waiting.iter().any(|(_, j)| j.slot == slot).then(Progress::default)
    }

    /// Whether anything runs, or waits to run at once. Jobs that wait for their delay do not count.
    pub fn is_busy(&self) -> bool {
        let queue = self.shared.lock();
        let now = Instant::now();
        queue.running.is_some() || queue.waiting.iter().any(|(due, _)| *due <= now)
    }

    /// Stops taking jobs, cancels those there, and waits until the running one has let go.
    pub fn close(&self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.waiting.clear();
        if let Some(running) = &queue.running {
            running.task.cancel();
        }
        self.shared.changed.notify_all();
        while queue.running.is_some() {
            queue = self.shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl<T> Lane<T> {
    /// Stops taking jobs and cancels those there, without waiting.
    pub fn close_soon(&self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.waiting.clear();
        if let Some(running) = &queue.running {
            running.task.cancel();
        }
        drop(queue);
        self.shared.changed.notify_all();
    }
}

impl<T> Drop for Lane<T> {
    fn drop(&mut self) {
        self.close_soon();
    }
}

impl<T> Shared<T> {
    /// Jobs run outside the lock and panics are caught, so a poisoned lock still guards a whole queue.
    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job that is due and marks it as running; `None` when the lane is closed.
    fn next(&self, wake: &Arc<dyn Fn() + Send + Sync>) -> Option<(Job<T>, Task)> {
        let mut queue = self.lock();
        loop {
            if queue.closed {
                return None;
            }
            let now = Instant::now();
            if let Some(at) = queue.waiting.iter().position(|(due, _)| *due <= now)
                && let Some((_, job)) = queue.waiting.remove(at)
            {
                let wake = wake.clone();
                let task = Task::with_wake(move || wake());
                queue.running = Some(Running {
                    id: job.id,
                    slot: job.slot.clone(),
                    title: job.title.clone(),
                    visible: job.visible,
                    task: task.clone(),
                });
                return Some((job, task));
            }
            let next_due = queue.waiting.iter().map(|(due, _)| *due).min();
            queue = match next_due {
                Some(due) => {
                    let pause = due.saturating_duration_since(now);
                    self.changed.wait_timeout(queue, pause).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

fn run<T>(shared: &Shared<T>, ended: &SyncSender<Ended<T>>, wake: &Arc<dyn Fn() + Send + Sync>) {
    while let Some((job, task)) = shared.next(wake) {
        let Job { id, slot, title, tag, work, .. } = job;
        let outcome = match catch_unwind(AssertUnwindSafe(|| work(&task))) {
            // A result that arrives after the order to stop is thrown away: a newer question stands.
            Ok(_) if task.is_cancelled() => Outcome::Cancelled,
            Ok(Ok(result)) => Outcome::Done(result),
            Ok(Err(Error::Cancelled)) => Outcome::Cancelled,
            Ok(Err(error)) => Outcome::Failed(error),
            Err(panic) => Outcome::Failed(stopped_unexpectedly(&title, panic.as_ref())),
        };
        // Sent while the job still counts as running: whoever sees an idle lane finds every end in the channel.
        let gone = ended.send(Ended { id, slot, title, tag, outcome }).is_err();
        shared.lock().running = None;
        shared.changed.notify_all();
        wake();
        if gone {
            return;
        }
    }
}

fn stopped_unexpectedly(title: &str, panic: &(dyn std::any::Any + Send)) -> Error {
    let why = panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no reason given".into());
    Error::new(format!("“{title}” stopped unexpectedly: {why}"))
        .hint("this is a defect of Attune; your project is unharmed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel, sync_channel};

    fn lane() -> (Lane<u32>, Receiver<Ended<u32>>) {
        let (sender, receiver) = sync_channel(16);
        (Lane::start(LaneName::Preview, sender, Arc::new(|| {})).unwrap(), receiver)
    }

    fn job(id: u64, slot: &str, work: impl FnOnce(&Task) -> Result<u32> + Send + 'static) -> Job<u32> {
        Job {
            id: JobId(id),
            slot: slot.into(),
            title: format!("Job {id}"),
            tag: None,
            delay: Duration::ZERO,
            visible: true,
            work: Box::new(work),
        }
    }

    fn until_cancelled(task: &Task) -> Result<u32> {
        loop {
            task.tick(0.5)?;
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_latest_of_a_slot_wins() {
        let (lane, ended) = lane();
        let (started, wait) = channel();
        lane.submit(job(1, "a", move |task| {
            started.send(()).unwrap();
            until_cancelled(task)
        }))
        .unwrap();
        wait.recv().unwrap();
        lane.submit(job(2, "a", |_| Ok(2))).unwrap();
        lane.submit(job(3, "a", |_| Ok(3))).unwrap();
        lane.submit(job(4, "b", |_| Ok(4))).unwrap();
        let ends: Vec<_> = (0..3).map(|_| ended.recv().unwrap()).collect();
        let seen: Vec<_> = ends.iter().map(|e| (e.id.0, matches!(e.outcome, Outcome::Done(_)))).collect();
        assert_eq!(seen, [(1, false), (3, true), (4, true)]);
        assert!(matches!(ends[0].outcome, Outcome::Cancelled));
    }

    #[test]
    fn a_panic_is_a_failure_in_words_and_the_lane_goes_on() {
        let (lane, ended) = lane();
        lane.submit(job(1, "a", |_| panic!("boom"))).unwrap();
        lane.submit(job(2, "b", |_| Ok(2))).unwrap();
        let Outcome::Failed(error) = ended.recv().unwrap().outcome else { panic!("not a failure") };
        assert!(error.to_string().contains("“Job 1” stopped unexpectedly: boom"), "{error}");
        assert!(matches!(ended.recv().unwrap().outcome, Outcome::Done(2)));
    }

    #[test]
    fn a_running_job_can_be_cancelled_and_a_waiting_one_forgotten() {
        let (lane, ended) = lane();
        lane.submit(job(1, "a", until_cancelled)).unwrap();
        lane.submit(job(2, "b", |_| Ok(2))).unwrap();
        while lane.jobs().first().is_none_or(|j| j.fraction.is_none()) {
            std::thread::yield_now();
        }
        assert_eq!(lane.jobs().len(), 2);
        assert_eq!(lane.cancel(JobId(2)).as_deref(), Some("b"));
        assert_eq!(lane.cancel(JobId(1)), None);
        assert!(matches!(ended.recv().unwrap().outcome, Outcome::Cancelled));
        lane.close();
        assert!(ended.try_recv().is_err() && !lane.is_busy());
    }

    #[test]
    fn a_delayed_job_is_replaced_before_it_starts() {
        let (lane, ended) = lane();
        let late = |id: u64| Job { delay: Duration::from_millis(30), ..job(id, "save", move |_| Ok(id as u32)) };
        for id in 1..=5 {
            lane.submit(late(id)).unwrap();
        }
        assert!(!lane.is_busy());
        let end = ended.recv().unwrap();
        assert_eq!(end.id, JobId(5));
        lane.close();
        assert!(ended.try_recv().is_err());
    }

    #[test]
    fn a_full_queue_says_so() {
        let (lane, _ended) = lane();
        let error = (0..200).find_map(|i| lane.submit(job(i, &i.to_string(), until_cancelled)).err()).unwrap();
        assert!(error.to_string().contains("64 jobs are waiting"), "{error}");
    }
}
