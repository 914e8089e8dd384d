/** Documents of one shape with ever different values, as services send them. Seeded: every run sees the same ones. */

/** A small generator of numbers from 0 to 1 (mulberry32). */
export function generator(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const given = [
  'Ada',
  'Grace',
  'Barbara',
  'Margaret',
  'Joe',
  'Robert',
  'Mike',
  'Björn',
  'José',
  'Katherine',
  'Radia',
  '朱',
]
const family = [
  'Lovelace',
  'Hopper',
  'Liskov',
  'Hamilton',
  'Armstrong',
  'Virding',
  'Williams',
  'Gustavsson',
  'Valim',
  '明',
]
const words =
  'the quick brown node sends each message over one link and waits until every replica of the current view holds it before an answer leaves für größere naïve façade'.split(
    ' ',
  )

class Values {
  constructor(seed) {
    this.next = generator(seed)
  }
  integer(max) {
    return Math.floor(this.next() * max)
  }
  pick(list) {
    return list[this.integer(list.length)]
  }
  identifier(length) {
    let text = ''
    while (text.length < length) text += this.integer(0xffff_ffff).toString(36)
    return text.slice(0, length)
  }
  name() {
    return `${this.pick(given)} ${this.pick(family)}`
  }
  sentence(count) {
    return Array.from({ length: count }, () => this.pick(words)).join(' ')
  }
  amount() {
    return this.integer(1_000_000) / 100
  }
  time() {
    return 1_700_000_000_000 + this.integer(100_000_000_000)
  }
}

/** About 100 bytes: what a table or a process group sends all day. */
export function smallMap(seed) {
  const values = new Values(seed)
  return {
    id: values.integer(1_000_000),
    name: values.name(),
    session: values.identifier(12),
    score: values.amount(),
    active: values.next() < 0.5,
    count: values.integer(200),
  }
}

/** About 1 KB: a session with a cart. */
export function mediumDocument(seed) {
  const values = new Values(seed)
  return {
    session: values.identifier(24),
    user: {
      id: values.integer(10_000_000),
      name: values.name(),
      email: `${values.identifier(9)}@example.com`,
      admin: false,
    },
    createdAt: values.time(),
    lastSeen: values.time(),
    locale: values.pick(['de-AT', 'en-GB', 'pt-BR']),
    cart: Array.from({ length: 8 }, () => lineItem(values)),
    coupons: [values.identifier(8), values.identifier(8)],
    note: values.next() < 0.3 ? null : values.sentence(12),
  }
}

/** About 20 KB: a page of orders. */
export function largeDocument(seed) {
  const values = new Values(seed)
  return {
    page: values.integer(1000),
    total: values.integer(100_000),
    region: values.pick(['eu-central-1', 'us-east-2', 'ap-south-1']),
    load: Array.from({ length: 60 }, () => values.next()),
    orders: Array.from({ length: 37 }, () => ({
      id: values.identifier(20),
      placedAt: values.time(),
      paid: values.next() < 0.8,
      customer: {
        id: values.integer(10_000_000),
        name: values.name(),
        city: values.pick(['Wien', 'Zürich', '東京', 'Malmö', 'Lagos']),
      },
      lines: Array.from({ length: 3 }, () => lineItem(values)),
      note: values.next() < 0.5 ? null : values.sentence(14),
      marks: [values.integer(256), values.integer(256), values.integer(100_000)],
    })),
  }
}

function lineItem(values) {
  return {
    sku: values.identifier(10),
    title: values.sentence(4),
    quantity: 1 + values.integer(9),
    price: values.amount(),
    taxed: values.next() < 0.5,
  }
}
