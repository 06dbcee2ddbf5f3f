/** Places to complete, written for this benchmark: some want a line, some a block; `▮` is the cursor. */
export const SAMPLE_TEXTS: readonly { readonly languageId: string; readonly text: string }[] = [
  {
    languageId: 'python',
    text: `import csv
from dataclasses import dataclass


@dataclass
class Reading:
    sensor: str
    celsius: float
    minute: int


def read_readings(path):
    with open(path, newline="") as file:
        rows = csv.DictReader(file)
        return [Reading(row["sensor"], float(row["celsius"]), int(row["minute"])) for row in rows]


def mean_by_sensor(readings):
    """Mean temperature of each sensor, in degrees Celsius."""
    ▮


def hottest(readings):
    return max(readings, key=lambda reading: reading.celsius)
`,
  },
  {
    languageId: 'typescript',
    text: `export interface Point {
  readonly x: number;
  readonly y: number;
}

export class Rectangle {
  readonly topLeft: Point;
  readonly bottomRight: Point;

  constructor(topLeft: Point, bottomRight: Point) {
    this.topLeft = topLeft;
    this.bottomRight = bottomRight;
  }

  get width(): number {
    return this.bottomRight.x - this.topLeft.x;
  }

  get height(): number {
    ▮
  }

  contains({ x, y }: Point): boolean {
    return x >= this.topLeft.x && x <= this.bottomRight.x && y >= this.topLeft.y && y <= this.bottomRight.y;
  }
}
`,
  },
  {
    languageId: 'go',
    text: `package ledger

import (
	"errors"
	"sync"
)

var ErrNoFunds = errors.New("not enough funds")

type Account struct {
	mutex   sync.Mutex
	balance int64
}

func (account *Account) Deposit(cents int64) {
	account.mutex.Lock()
	defer account.mutex.Unlock()
	account.balance += cents
}

func (account *Account) Withdraw(cents int64) error {
	▮
}
`,
  },
  {
    languageId: 'rust',
    text: `use std::collections::HashMap;

/// Counts how often each word occurs, without regard to case.
pub fn count_words(text: &str) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for word in text.split_whitespace() {
        ▮
    }
    counts
}

pub fn most_frequent(counts: &HashMap<String, usize>) -> Option<(&String, &usize)> {
    counts.iter().max_by_key(|(_, count)| *count)
}
`,
  },
  {
    languageId: 'javascript',
    text: `const routes = new Map();

routes.set('GET /users', (request, response) => {
  response.json(request.store.listUsers());
});

routes.set('GET /orders', (request, response) => {
  response.json(request.store.listOrders());
});

routes.set('GET /products', (request, response) => {
  ▮
});

routes.set('GET /suppliers', (request, response) => {
  response.json(request.store.listSuppliers());
});
`,
  },
  {
    languageId: 'java',
    text: `import java.util.ArrayDeque;
import java.util.Deque;

public final class History<T> {
    private final Deque<T> past = new ArrayDeque<>();
    private final Deque<T> future = new ArrayDeque<>();

    public void add(T entry) {
        past.push(entry);
        future.clear();
    }

    public boolean canUndo() {
        return !past.isEmpty();
    }

    public boolean canRedo() {
        return ▮
    }
}
`,
  },
];
