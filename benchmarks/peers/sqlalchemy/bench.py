"""One workload over SQLAlchemy's asyncio ORM and asyncpg: TASKS coroutines on one thread share a pool of connections.

  bench.py WORKLOAD URL SECONDS TASKS [--connections N] [--latencies]

A session for each operation. Reads run in autocommit, so that they need no BEGIN and no ROLLBACK.
"""

import argparse
import asyncio
import datetime
import json
import random
import time

import asyncpg
import uvloop
from sqlalchemy import BigInteger, DateTime, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ACCOUNTS, ITEMS, ORDERS, CUSTOMERS, BALANCES = 1_000_000, 100_000, 100_000, 5_000, 100_000
UNIT_ROWS, PAGE_ROWS = 10, 20


class Base(DeclarativeBase):
    type_annotation_map = {datetime.datetime: DateTime(timezone=True)}


class Account(Base):
    __tablename__ = "pgbench_accounts"
    aid: Mapped[int] = mapped_column(primary_key=True)
    abalance: Mapped[int]


class Item(Base):
    __tablename__ = "bench_items"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int]


class Entry(Base):
    __tablename__ = "bench_entries"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)


class Order(Base):
    __tablename__ = "bench_orders"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    customer_id: Mapped[int]
    reference: Mapped[str]
    total: Mapped[float]
    paid: Mapped[bool]
    placed_at: Mapped[datetime.datetime]


class Balance(Base):
    __tablename__ = "bench_balances"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    amount: Mapped[int] = mapped_column(BigInteger)


class LedgerLine(Base):
    __tablename__ = "bench_ledger"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    from_id: Mapped[int] = mapped_column(BigInteger)
    to_id: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)


def require(found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError("a table has not the rows that tools/bench makes")


async def get(session: AsyncSession, task: int, tasks: int) -> None:
    require((await session.get(Account, random.randint(1, ACCOUNTS))) is not None, True)


async def query_20(session: AsyncSession, task: int, tasks: int) -> None:
    customer = random.randint(1, CUSTOMERS)
    query = select(Order).where(Order.customer_id == customer).order_by(Order.id).limit(PAGE_ROWS)
    require(len((await session.scalars(query)).all()), PAGE_ROWS)


async def read_100k(session: AsyncSession, task: int, tasks: int) -> None:
    require(len((await session.scalars(select(Order))).all()), ORDERS)


async def uow_10(session: AsyncSession, task: int, tasks: int) -> None:
    band = ITEMS // tasks // UNIT_ROWS
    keys = [(i * band + random.randrange(band)) * tasks + task + 1 for i in range(UNIT_ROWS)]
    items = (await session.scalars(select(Item).where(Item.id.in_(keys)))).all()
    require(len(items), UNIT_ROWS)
    for item in items:
        item.amount += 1
    await session.commit()


async def transfers(session: AsyncSession, task: int, tasks: int) -> None:
    pair = random.sample(range(1, BALANCES + 1), 2)
    query = select(Balance).where(Balance.id.in_(pair)).order_by(Balance.id).with_for_update()
    locked = (await session.scalars(query)).all()
    require(len(locked), 2)
    for balance in locked:
        balance.amount += -1 if balance.id == pair[0] else 1
    session.add(LedgerLine(from_id=pair[0], to_id=pair[1], amount=1))
    await session.commit()


async def insert_10k(session: AsyncSession, task: int, tasks: int) -> None:
    entries = [Entry(name=f"entry number {i}", amount=i) for i in range(10_000)]
    session.add_all(entries)
    await session.commit()
    require(entries[-1].id is not None, True)


READS = (get, query_20, read_100k)
WORKLOADS = {function.__name__: function for function in (*READS, uow_10, transfers, insert_10k)}


class Run:
    """When to stop. Connecting and the first operation of each task are not timed."""

    def __init__(self, seconds: float, tasks: int):
        self.seconds, self.waiting = seconds, tasks
        self.measured = 0
        self.started = self.cpu = 0.0
        self.latencies: list[float] = []

    def open(self) -> bool:
        return self.waiting > 0 or time.perf_counter() < self.started + self.seconds

    def done(self, first: bool, began: float) -> None:
        if self.waiting == 0:
            self.measured += 1
            if began >= self.started:
                self.latencies.append(time.perf_counter() - began)
        elif first:
            self.waiting -= 1
            if self.waiting == 0:
                print("started", flush=True)
                self.started, self.cpu = time.perf_counter(), time.process_time()

    def result(self, latencies: bool) -> dict:
        elapsed, cpu = time.perf_counter() - self.started, time.process_time() - self.cpu
        result = {"operations": self.measured, "rate": self.measured / elapsed,
                  "client_us": cpu / max(self.measured, 1) * 1e6}
        times = sorted(self.latencies)
        if latencies and times:
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)):
                result[name] = times[min(int(share * len(times)), len(times) - 1)] * 1e6
        return result


async def work(options: argparse.Namespace) -> None:
    workload = WORKLOADS[options.workload]
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(options.url),
                                 pool_size=options.connections, max_overflow=0, pool_timeout=300)
    if workload in READS:
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    run = Run(options.seconds, options.tasks)

    async def task(number: int) -> None:
        first = True
        while run.open():
            began = time.perf_counter()
            async with sessions() as session:
                await workload(session, number, options.tasks)
            run.done(first, began)
            first = False

    async with asyncio.TaskGroup() as group:
        for number in range(options.tasks):
            group.create_task(task(number))
    print(json.dumps(run.result(options.latencies)), flush=True)
    await engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("url")
    parser.add_argument("seconds", type=float)
    parser.add_argument("tasks", type=int)
    parser.add_argument("--connections", type=int)
    parser.add_argument("--latencies", action="store_true")
    options = parser.parse_args()
    options.connections = options.connections or min(options.tasks, 32)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work(options))


if __name__ == "__main__":
    main()
