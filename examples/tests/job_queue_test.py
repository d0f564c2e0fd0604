#!/usr/bin/env python3
"""Lets several workers do jobs, kills, stops and cuts them off, and counts what has become of the jobs.

  job_queue_test.py DEV_SERVER JOB_QUEUE

Nothing depends on how quick anything is: leases and polls are an hour where their end is not what is tested, and time is
moved on in the database.
"""

import collections
import os
import pathlib
import signal
import subprocess
import sys
import unittest

from example_process import DevServer, run_cases
from job_queue_process import PATIENCE, PostOffice, Transaction, Worker, wait_for

DEV_SERVER, JOB_QUEUE = (pathlib.Path(argument) for argument in sys.argv[1:3])
HOUR = "3600000"
PATIENT = ("--lease", HOUR, "--poll", HOUR)
# Makes the leases of a worker run out, and says so.
END_LEASES = "UPDATE job_queue.jobs SET due_at = now() WHERE state = 'running' AND worker = '{}'; NOTIFY job_queue"


class JobQueueTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = cls.enterClassContext(DevServer(DEV_SERVER))

    def setUp(self):
        self.database.ask("SET client_min_messages = warning; DROP SCHEMA IF EXISTS job_queue CASCADE")
        self.run_command("setup")
        self.post = self.enterContext(PostOffice())

    def run_command(self, *arguments: str) -> str:
        done = subprocess.run([JOB_QUEUE, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, env=dict(os.environ, CORM_DATABASE_URL=self.database.url))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def enqueue(self, recipient: str, count: int = 1, *options: str) -> None:
        self.assertEqual(self.run_command("enqueue", "--to", recipient, "--count", str(count), *options),
                         f"{count} enqueued")

    def work(self, name: str, *options: str) -> Worker:
        worker = Worker(JOB_QUEUE, self.database.url, name, "--post", str(self.post.port), *options)
        self.addCleanup(worker.close)
        return worker

    def drain(self, *options: str) -> str:
        worker = self.work("drainer", "--drain", "--backoff", "1", *options)
        self.assertEqual(worker.wait(), 0, worker.said())
        return worker.said()

    def jobs(self, condition: str = "true") -> set:
        return {int(line) for line in self.database.ask(f"SELECT id FROM job_queue.jobs WHERE {condition}").split()}

    def states(self) -> dict:
        lines = self.run_command("status").splitlines()
        return {state: int(count) for state, count in (line.split() for line in lines)}

    def wait_until_states(self, **states) -> None:
        wait_for(f"jobs as {states}", lambda: self.states() == states)

    def assert_delivered(self, jobs: set) -> None:
        """In the database, where the queue promises it: each of them once, and nothing else."""
        rows = self.database.ask("SELECT job_id FROM job_queue.deliveries").split()
        self.assertEqual(sorted(int(row) for row in rows), sorted(jobs))

    def terminate(self, condition: str) -> int:
        return int(self.database.ask("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                                     f"WHERE backend_type = 'client backend' AND {condition}"))

    def test_a_killed_worker_loses_no_job_and_only_its_own_are_done_twice(self):
        options = (*PATIENT, "--backoff", "20", "--at-once", "8")
        victim = self.work("victim", *options)
        self.enqueue("slow", 4)
        wait_for("letters to slow", lambda: len(self.post.received(recipient="slow")) == 4)
        others = [self.work(name, *options) for name in ("second", "third")]
        self.enqueue("ada", 240)
        self.enqueue("flaky", 40)
        self.enqueue("hopeless", 20, "--attempts", "3")
        wait_for("a letter to ada by the victim", lambda: self.post.received(recipient="ada", worker="victim"))
        victim.send(signal.SIGKILL)
        self.assertEqual(victim.wait(), -signal.SIGKILL)
        # Its sessions do what they were sent before they end. What it has then, it has had in hand.
        wait_for("an end of its sessions", lambda: self.database.connections("victim") == 0)
        in_hand = self.jobs("state = 'running' AND worker = 'victim'")
        self.assertGreaterEqual(len(in_hand), 4)

        # The others do the rest, and nothing of what the dead one has before its leases are over.
        wait_for("an end of the other jobs", lambda: self.jobs("due_at IS NOT NULL") == in_hand)
        self.assertEqual(self.jobs("state = 'running' AND worker = 'victim'"), in_hand)
        self.database.ask(END_LEASES.format("victim"))
        wait_for("an end of all jobs", lambda: not self.jobs("due_at IS NOT NULL"))

        letters = collections.defaultdict(list)
        for letter in self.post.received():
            letters[letter.recipient, letter.job].append(letter)

        def of(wanted: str) -> set:
            return {job for recipient, job in letters if recipient == wanted}

        succeeded = of("slow") | of("ada") | of("flaky")
        self.assertEqual(self.states(), {"done": 284, "dead": 20})
        self.assertEqual(self.jobs("state = 'done'"), succeeded)
        self.assertEqual(self.jobs("state = 'dead' AND last_error = 'nobody opens' AND attempts = 3") |
                         (of("hopeless") & in_hand), of("hopeless"))
        self.assert_delivered(succeeded)

        # Outside of the database: at least once, and once for whatever was not in the victim's hands.
        expected = {"slow": 1, "ada": 1, "flaky": 3, "hopeless": 3}
        for (recipient, job), brought in letters.items():
            attempts = [letter.attempt for letter in brought]
            self.assertEqual(len(set(attempts)), len(attempts), brought)
            if job not in in_hand:
                self.assertEqual(sorted(attempts), list(range(1, expected[recipient] + 1)), brought)
        for job in of("slow"):
            first, second = sorted(letters["slow", job], key=lambda letter: letter.attempt)
            self.assertEqual(first.worker, "victim")
            self.assertIn(second.worker, ("second", "third"))
        for worker in others:
            self.assertEqual(worker.stop(), 0, worker.said())

    def test_workers_are_woken_by_what_is_enqueued_and_by_a_lost_connection(self):
        worker = self.work("listener", *PATIENT)
        worker.wait_to_say("is waiting for jobs")
        for done in range(1, 4):
            self.enqueue("ada")
            self.wait_until_states(done=done)
        self.enqueue("ada", 1, "--delay", "300")
        self.wait_until_states(done=4)
        # Nobody says a word of this job, and the connection that listens is lost.
        self.database.ask("INSERT INTO job_queue.jobs (kind, payload, state, attempts, max_attempts, version) "
                          """VALUES ('letter', '{"recipient": "ada", "text": ""}', 'queued', 0, 5, 0)""")
        self.assertEqual(self.terminate("application_name = 'listener' AND query LIKE 'LISTEN%'"), 1)
        self.wait_until_states(done=5)
        self.assertEqual(worker.stop(), 0)
        self.assertEqual({letter.attempt for letter in self.post.received()}, {1})

    def test_jobs_are_done_once_although_connections_are_lost(self):
        worker = self.work("unlucky", *PATIENT, "--at-once", "4")
        self.enqueue("ada", 300, "--attempts", "1000")
        for share in (30, 90, 150):
            wait_for(f"{share} letters", lambda: len(self.post.received()) >= share)  # noqa: B023
            self.terminate("application_name = 'unlucky'")

        def finished() -> bool:
            # A claim whose answer was lost is one that nobody knows of: as if the worker had died.
            claims = self.database.ask("SELECT id, attempts FROM job_queue.jobs WHERE state = 'running'").splitlines()
            letters = {f"{letter.job}|{letter.attempt}" for letter in self.post.received()}
            unknown = [claim.split("|")[0] for claim in claims if claim not in letters]
            if unknown and not self.jobs("state = 'queued'"):
                self.database.ask(f"UPDATE job_queue.jobs SET due_at = now() WHERE state = 'running' AND id IN "
                                  f"({','.join(unknown)}); NOTIFY job_queue")
            return not self.jobs("due_at IS NOT NULL")

        wait_for("an end of all jobs", finished)
        self.assertNotIn("is left to its lease", worker.said())
        self.assertEqual(self.states(), {"done": 300})
        self.assert_delivered(self.jobs())
        self.assertEqual(worker.stop(), 0, worker.said())

    def test_the_end_of_a_job_is_told_again_and_the_job_not_done_again(self):
        worker = self.work("cut", *PATIENT)
        with Transaction(self.database, "LOCK TABLE job_queue.deliveries"):
            self.enqueue("ada", 2)
            wait_for("ends of jobs that wait for the lock", lambda: self.terminate(
                "application_name = 'cut' AND wait_event_type = 'Lock'"))
            worker.wait_to_say("cannot tell the queue")
        self.wait_until_states(done=2)
        self.assertEqual({letter.attempt for letter in self.post.received()}, {1})
        self.assert_delivered(self.jobs())
        self.assertEqual(worker.stop(), 0)

    def test_a_job_that_somebody_holds_is_passed_over(self):
        self.enqueue("ada", 3)
        oldest = min(self.jobs())
        with Transaction(self.database, f"SELECT FROM job_queue.jobs WHERE id = {oldest} FOR UPDATE"):
            worker = self.work("passing", *PATIENT)
            self.wait_until_states(queued=1, done=2)
            self.assertEqual(self.jobs("state = 'queued'"), {oldest})
        self.wait_until_states(done=3)
        self.assertEqual(worker.stop(), 0)

    def test_a_worker_that_is_stopped_ends_its_jobs_and_takes_no_others(self):
        worker = self.work("leaving", *PATIENT)
        self.enqueue("slow", 2)
        wait_for("letters to slow", lambda: len(self.post.received()) == 2)
        worker.send(signal.SIGTERM)
        worker.wait_to_say("stopping")
        self.enqueue("ada", 3)
        self.post.release()
        self.assertEqual(worker.wait(), 0, worker.said())
        self.assertIn("stopped: 2 done, 0 to be tried again, 0 dead, 0 lost, 0 given back", worker.said())
        self.assertEqual(self.states(), {"queued": 3, "done": 2})
        self.assert_delivered(self.jobs("state = 'done'"))

    def test_what_takes_too_long_at_a_stop_is_given_back(self):
        worker = self.work("hurried", *PATIENT, "--grace", "50")
        self.enqueue("slow", 2)
        wait_for("letters to slow", lambda: len(self.post.received()) == 2)
        self.assertEqual(worker.stop(), 0, worker.said())
        self.assertIn("2 given back", worker.said())
        self.assertEqual(self.states(), {"queued": 2})
        self.assertEqual(self.jobs("attempts = 0"), self.jobs())
        self.post.release()
        self.drain()
        self.assertEqual(self.states(), {"done": 2})
        self.assert_delivered(self.jobs())

    def test_a_second_signal_ends_a_worker_at_once(self):
        worker = self.work("obstinate", *PATIENT, "--grace", HOUR)
        self.enqueue("slow")
        wait_for("a letter to slow", lambda: self.post.received())
        worker.send(signal.SIGINT)
        worker.wait_to_say("stopping")
        worker.send(signal.SIGINT)
        self.assertEqual(worker.wait(), -signal.SIGINT)
        self.assertEqual(self.states(), {"running": 1})

    def test_a_worker_that_has_lost_its_lease_cannot_end_the_job(self):
        late = self.work("late", *PATIENT)
        self.enqueue("slow")
        wait_for("a letter to slow", lambda: self.post.received())
        late.send(signal.SIGSTOP)
        quick = self.work("quick", *PATIENT)
        quick.wait_to_say("is waiting for jobs")
        self.database.ask(END_LEASES.format("late"))
        self.wait_until_states(done=1)
        self.post.release()  # its letter is accepted after all
        late.send(signal.SIGCONT)
        late.wait_to_say("is no longer ours")
        self.assertEqual(late.stop(), 0)
        self.assertIn("0 done, 0 to be tried again, 0 dead, 1 lost", late.said())
        self.assertEqual(quick.stop(), 0)
        self.assertEqual([letter.worker for letter in self.post.accepted], ["quick", "late"])
        self.assertEqual(self.database.ask("SELECT attempt FROM job_queue.deliveries"), "2")

    def test_leases_are_extended_and_run_out(self):
        frozen = self.work("frozen", "--lease", "6000", "--poll", HOUR)
        self.enqueue("slow")
        wait_for("a letter to slow", lambda: self.post.received())
        before = self.database.ask("SELECT due_at FROM job_queue.jobs")
        wait_for("a longer lease", lambda: self.database.ask("SELECT due_at FROM job_queue.jobs") > before)
        frozen.send(signal.SIGSTOP)
        self.database.ask("UPDATE job_queue.jobs SET due_at = now() + interval '500 ms'")  # instead of six seconds
        other = self.work("other", *PATIENT)  # nobody tells it when that is over
        self.wait_until_states(done=1)
        frozen.send(signal.SIGCONT)
        frozen.wait_to_say("is no longer ours")  # its handler still waited for the post
        self.assertEqual(frozen.stop(), 0)
        self.assertEqual(other.stop(), 0)
        self.assert_delivered(self.jobs())

    def test_failures_are_tried_again_later_and_later_until_the_job_is_dead(self):
        worker = self.work("patient", *PATIENT, "--backoff", "600000")
        self.enqueue("hopeless", 1, "--attempts", "3")
        for attempts, longest in ((1, 600), (2, 1200)):
            wait_for(f"failure {attempts}", lambda: self.jobs(f"state = 'queued' AND attempts = {attempts}"))  # noqa: B023
            pause = float(self.database.ask("SELECT extract(epoch FROM due_at - now()) FROM job_queue.jobs"))
            self.assertTrue(longest / 2 - PATIENCE < pause <= longest, pause)
            self.database.ask("UPDATE job_queue.jobs SET due_at = now(); NOTIFY job_queue")
        self.wait_until_states(dead=1)
        self.assertEqual([letter.attempt for letter in self.post.received()], [1, 2, 3])
        self.assertEqual(worker.stop(), 0)
        self.assertIn("is dead: nobody opens", worker.said())

    def test_dead_jobs_are_listed_and_revived(self):
        self.enqueue("flaky", 2, "--attempts", "2")
        self.drain()
        dead = self.run_command("dead").splitlines()
        self.assertEqual(len(dead), 2)
        for line in dead:
            self.assertRegex(line, r"^\d+ letter, 2 attempts: nobody opens$")
        first = dead[0].split()[0]
        self.assertEqual(self.run_command("revive", "--job", first, "--attempts", "1"), "1 revived")
        self.drain()
        self.assertEqual(self.states(), {"done": 1, "dead": 1})
        self.assert_delivered({int(first)})
        self.assertEqual([self.run_command("revive"), self.run_command("revive")], ["1 revived", "0 revived"])
        self.drain()
        self.assertEqual(self.states(), {"done": 2})

    def test_jobs_that_nobody_can_do_die(self):
        insert = "INSERT INTO job_queue.jobs (kind, payload, state, attempts, max_attempts, worker, version) VALUES "
        self.database.ask(insert + "('telegram', '{}', 'queued', 0, 2, NULL, 0)")
        self.database.ask(insert + "('letter', '{}', 'running', 3, 3, 'gone', 3)")  # at its last attempt
        self.database.ask(insert + "('letter', '[]', 'queued', 0, 1, NULL, 0)")  # no letter
        self.drain()
        self.assertEqual(self.states(), {"dead": 3})
        dead = self.run_command("dead")
        self.assertIn("telegram, 2 attempts: there is no handler for jobs of the kind 'telegram'", dead)
        self.assertIn("letter, 3 attempts: gone went away at attempt 3", dead)
        self.assertEqual(self.post.received(), [])

    def test_jobs_are_found_by_the_index_among_many_that_are_done(self):
        self.database.ask("INSERT INTO job_queue.jobs (kind, payload, state, due_at, attempts, max_attempts, version) "
                          "SELECT 'letter', '{}', 'done', NULL, 1, 5, 2 FROM generate_series(1, 20000); "
                          "ANALYZE job_queue.jobs")
        read = "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'jobs'"
        used = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'jobs_due'"
        before = int(self.database.ask(read)), int(self.database.ask(used))
        self.enqueue("ada", 20)
        self.drain("--at-once", "1")
        wait_for("uses of the index", lambda: int(self.database.ask(used)) >= before[1] + 20)
        self.assertLess(int(self.database.ask(read)) - before[0], 20000)

    def test_the_demonstration_and_wrong_commands(self):
        self.assertEqual(self.run_command("demo", "--count", "20", "--backoff", "1").splitlines()[-1], "done 20")
        for wrong in ((), ("sing",), ("status", "--count", "3"), ("work", "--lease", "soon"), ("work", "--name", "a b")):
            done = subprocess.run([JOB_QUEUE, *wrong], capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertIn("job_queue COMMAND [options]", done.stderr)


if __name__ == "__main__":
    sys.exit(run_cases(JobQueueTest))
