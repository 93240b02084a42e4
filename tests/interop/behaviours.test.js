// The behaviours that the documents promise, with stock clients in random order and with offline windows.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { converged } from './harness/peer.js'
import { Random } from './harness/random.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'

const scene = Scene.forFile()
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]

/** Three stock clients in a new trip with a card in each day. */
async function begin (t) {
  const id = await scene.trip({ days: 3 })
  const peers = [await scene.join(t, id), await scene.join(t, id), await scene.join(t, id)]
  const cards = ['d1', 'd2', 'd3'].map((day) => trip.addCard(peers[0].doc, day, `card of ${day}`))
  await converged(peers)
  return { id, peers, cards }
}

/** Carries the acts out in random order, with peers that go offline and come back between them. */
async function inAnyOrder (random, peers, acts) {
  await inOrder(random, peers, random.shuffle(acts))
}

async function inOrder (random, peers, acts) {
  for (const act of acts) {
    for (const peer of peers) {
      if (random.chance(0.4)) peer.goOffline()
      else if (random.chance(0.6)) peer.goOnline()
    }
    act()
    if (random.chance(0.3)) await new Promise(setImmediate)
  }
  for (const peer of random.shuffle(peers)) peer.goOnline()
  await converged(peers)
}

/** The one board that all peers, a fresh one and the projection show. */
async function sameBoard (t, id, peers) {
  const fresh = await scene.join(t, id)
  await converged([...peers, fresh])
  const seen = trip.board(fresh.doc)
  for (const peer of peers) assert.deepEqual(trip.board(peer.doc), seen)
  assert.deepEqual(trip.boardOf(await scene.owner.projection(id)), seen, 'the projection')
  return seen
}

function behaviour (name, body) {
  test(name, async (t) => {
    for (const seed of SEEDS) {
      await t.test(`seed ${seed}`, (one) => body(one, new Random(seed)))
    }
  })
}

behaviour('1: a card that two people move is there once, at the same place for all', async (t, random) => {
  const { id, peers: [a, b, c], cards: [card] } = await begin(t)
  await inAnyOrder(random, [a, b, c], [
    () => trip.moveCard(a.doc, card, 'd2'),
    () => trip.moveCard(b.doc, card, 'd3')
  ])
  const board = await sameBoard(t, id, [a, b, c])
  assert.equal(Object.values(board).flat().filter((shown) => shown === card).length, 1)
})

behaviour('2: two inserts into one gap are both there, in the same order', async (t, random) => {
  const { id, peers: [a, b, c], cards: [first] } = await begin(t)
  trip.addCard(a.doc, 'd1', 'last')
  await converged([a, b, c])
  const added = []
  const insert = (peer) => () => {
    const card = trip.addCard(peer.doc, 'd1', 'between')
    trip.moveCard(peer.doc, card, 'd1', first)
    added.push(card)
  }
  await inAnyOrder(random, [a, b, c], [insert(a), insert(b), insert(c)])
  const { d1 } = await sameBoard(t, id, [a, b, c])
  assert.equal(d1.length, 5)
  assert.deepEqual(new Set(d1.slice(1, 4)), new Set(added))
})

behaviour('3: a card added to a day that a peer removes lies in the tray, and comes home', async (t, random) => {
  const { id, peers: [a, b, c], cards: [, , last] } = await begin(t)
  let added
  await inAnyOrder(random, [a, b, c], [
    () => trip.setDayCount(a.doc, 2),
    () => { added = trip.addCard(b.doc, 'd3', 'to the last day') }
  ])
  assert.deepEqual(new Set((await sameBoard(t, id, [a, b, c])).tray), new Set([last, added]))
  trip.setDayCount(c.doc, 3)
  await converged([a, b, c])
  assert.deepEqual(new Set((await sameBoard(t, id, [a, b, c])).d3), new Set([last, added]))
})

behaviour('4: two people who both extend from three to five days get exactly d4 and d5', async (t, random) => {
  const { id, peers: [a, b, c] } = await begin(t)
  await inAnyOrder(random, [a, b, c], [() => trip.setDayCount(a.doc, 5), () => trip.setDayCount(b.doc, 5)])
  assert.deepEqual(trip.dayIds(c.doc), ['d1', 'd2', 'd3', 'd4', 'd5'])
  const projection = await scene.owner.projection(id)
  assert.deepEqual(projection.days.map((day) => day.id), ['d1', 'd2', 'd3', 'd4', 'd5'])
})

behaviour('5: two people type in one note, one composing Hangul: both texts whole', async (t, random) => {
  const { peers: [a, b, c], cards: [card] } = await begin(t)
  const note = (peer) => trip.noteOf(peer.doc, card)
  note(c).insert(0, '[]')
  await converged([a, b, c])

  // What an input method does: the syllable under the cursor is replaced as it grows.
  const composed = ['ㅎ', '하', '한']
  const composing = composed.map((syllable, n) => () => a.doc.transact(() => {
    const at = note(a).toString().indexOf(n ? composed[n - 1] : ']')
    if (n) note(a).delete(at, 1)
    note(a).insert(at, syllable)
  }))
  const typed = [...'sea🌊']
  const typing = typed.map((letter, n) => () => {
    const before = n ? typed[n - 1] : '['
    note(b).insert(note(b).toString().indexOf(before) + before.length, letter)
  })

  // Each types in its own order; who comes next is random.
  const turns = random.shuffle([...composing.map(() => composing), ...typing.map(() => typing)])
  await inOrder(random, [a, b, c], turns.map((lane) => () => lane.shift()()))
  const text = note(c).toString()
  assert.deepEqual([...text].sort(), [...'[]한sea🌊'].sort(), 'each character once, none broken')
  assert.match(text, /s.?e.?a.?🌊/u)
})

behaviour('6: a card that one edits while another trashes it is in the trash, with the edit', async (t, random) => {
  const { id, peers: [a, b, c], cards: [card] } = await begin(t)
  await inAnyOrder(random, [a, b, c], [
    () => trip.trashCard(a.doc, card),
    () => trip.titleOf(b.doc, card).insert(0, 'edited ')
  ])
  const board = await sameBoard(t, id, [a, b, c])
  assert.ok(!Object.values(board).flat().includes(card))
  assert.ok(trip.isTrashed(c.doc, card))
  assert.equal(trip.titleOf(c.doc, card).toString(), 'edited card of d1')
})

test('11: five hundred edits made offline arrive, among the edits of the others', async (t) => {
  const random = new Random(11)
  const { id, peers: [a, b, c], cards } = await begin(t)
  a.goOffline()
  for (let n = 0; n < 500; n++) {
    const note = trip.noteOf(a.doc, random.pick(cards))
    if (random.chance(0.1)) trip.addCard(a.doc, `d${1 + random.below(3)}`, `offline ${n}`)
    else note.insert(random.below(note.length + 1), random.pick(['가', 'b', '🍊']))
    if (n % 50 === 0) trip.addCard(b.doc, 'd1', `online ${n}`)
  }
  a.goOnline()
  await converged([a, b, c])
  await sameBoard(t, id, [a, b, c])
})
