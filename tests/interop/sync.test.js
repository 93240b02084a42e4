// Stock clients edit one document: the first sync, live edits, edits from offline, and fifty at once.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { converged } from './harness/peer.js'
import { Random } from './harness/random.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

test('a client gets the document at its first sync', async (t) => {
  const id = await scene.trip({ title: '제주 한 바퀴', days: 3 })
  const peer = await scene.join(t, id)
  assert.equal(peer.doc.getText('title').toString(), '제주 한 바퀴')
  assert.deepEqual(trip.dayIds(peer.doc), ['d1', 'd2', 'd3'])
  assert.equal(peer.doc.getMap('meta').get('start'), '2026-12-24')
})

test('two people see each other\'s edits at once', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await scene.join(t, id, await scene.member(id))
  const card = trip.addCard(a.doc, 'd2', 'Seongsan Ilchulbong')
  await until('B has the card', () => b.doc.getMap('cards').has(card))
  trip.noteOf(b.doc, card).insert(0, '일출 보기 🌅')
  await until('A has the note', () => trip.noteOf(a.doc, card).toString() === '일출 보기 🌅')
  assert.deepEqual(trip.board(a.doc), trip.board(b.doc))
})

/** W2 */
test('edits made offline arrive after the connection is back, both ways', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await scene.join(t, id)
  a.goOffline()
  const fromA = trip.addCard(a.doc, 'd1', 'made offline')
  const fromB = trip.addCard(b.doc, 'd1', 'made meanwhile')
  a.goOnline()
  await converged([a, b])
  assert.deepEqual(new Set(trip.board(b.doc).d1), new Set([fromA, fromB]))
})

test('fifty clients that edit in random order converge, and a fresh one sees the same', async (t) => {
  const random = new Random(50)
  const id = await scene.trip()
  const people = [scene.owner]
  while (people.length < 10) people.push(await scene.member(id))
  const peers = await Promise.all(Array.from({ length: 50 }, (_, n) => scene.join(t, id, people[n % 10])))

  for (let round = 0; round < 10; round++) {
    for (const peer of random.shuffle(peers)) editSomething(peer, random)
    for (const peer of peers) if (random.chance(0.1)) toggle(peer)
    await until('someone hears of the round', () => peers.some((peer) => peer.isConnected))
  }
  peers.forEach((peer) => peer.goOnline())

  await converged(peers, 60_000)
  const fresh = await scene.join(t, id)
  await converged([fresh, peers[0]])
  assert.deepEqual(trip.board(fresh.doc), trip.board(peers[0].doc))
  assert.ok(trip.board(fresh.doc).d1.length > 0)
})

function editSomething ({ doc }, random) {
  const ids = [...doc.getMap('cards').keys()]
  const day = `d${1 + random.below(3)}`
  if (ids.length === 0 || random.chance(0.2)) return trip.addCard(doc, day, 'a card')
  const card = random.pick(ids)
  const note = trip.noteOf(doc, card)
  return random.pick([
    () => trip.moveCard(doc, card, day),
    () => note.insert(random.below(note.length + 1), random.pick(['한글', 'text ', '🍊'])),
    () => note.delete(0, Math.min(1, note.length)),
    () => trip.trashCard(doc, card)
  ])()
}

function toggle (peer) {
  if (peer.provider.shouldConnect) peer.goOffline()
  else peer.goOnline()
}
