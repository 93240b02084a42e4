// A document that was filled offline comes in one step 2, as large as a document may be; an update stays small.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as Y from 'yjs'

import { converged } from './harness/peer.js'
import { step2, update } from './harness/raw.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()
const KIB = 1024
/** A large edit is slowed down to 256 KiB a second. */
const PATIENCE = 60_000
/** Within the limit of 20 000 characters, 60 KB as UTF-8. */
const LONG = '가'.repeat(19_900)

/** Texts in roots of their own, about so many bytes. */
function filled (bytes, name) {
  const doc = new Y.Doc()
  for (let n = 0; n * 3 * LONG.length < bytes; n++) doc.getText(`day:${name}${n}:note`).insert(0, LONG)
  return Y.encodeStateAsUpdate(doc)
}

test('a stock client brings 80 long notes that it wrote offline, and they survive kill -9', async (t) => {
  const id = await scene.trip()
  const a = await scene.join(t, id)
  const b = await scene.join(t, id)
  a.goOffline()
  for (let n = 0; n < 80; n++) trip.noteOf(a.doc, trip.addCard(a.doc, 'd1', `card ${n}`)).insert(0, LONG)
  trip.addCard(b.doc, 'd2', 'meanwhile')
  a.goOnline()
  await converged([a, b], PATIENCE)
  await scene.server.kill()
  await scene.server.run()
  const fresh = await scene.join(t, id)
  assert.equal(Object.values(trip.board(fresh.doc)).flat().length, 81)
})

/** W4 */
test('a step 2 as large as a document is stored, an update of 300 KiB is refused alone', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id, { ack: 1 })
  raw.send(update(filled(300 * KIB, 'a')))
  const refused = await raw.hears('the refusal', ({ kind }) => kind === 'refused')
  assert.deepEqual([refused.count, refused.status, refused.reason], [1, 3, 'too large: update'])
  raw.send(step2(filled(4.6 * KIB * KIB, 'b')))
  await until('the acknowledgement', () => raw.stored === 2, PATIENCE)
  raw.send(step2(filled(4.6 * KIB * KIB, 'c')))
  const isThird = ({ kind, count }) => kind === 'refused' && count === 3
  const full = await until('more than a document may hold is refused', () => raw.heard.find(isThird), PATIENCE)
  assert.equal(full.reason, 'too large: document')
  assert.equal(raw.closed, undefined)
})

test('an editor of one\'s own holds a text longer than any of the trip\'s may be, pasted or opened with it', async (t) => {
  const id = await scene.trip()
  const long = '가'.repeat(20_001)
  const [a, b] = [await scene.join(t, id), await scene.join(t, id)]
  for (const root of ['codemirror', 'monaco', 'quill']) {
    const isOpenedWithIt = root === 'quill'
    if (isOpenedWithIt) a.goOffline()
    a.doc.getText(root).insert(0, long)
    b.doc.getText(root).insert(0, 'typed beside it ')
    if (isOpenedWithIt) a.goOnline()
    await converged([a, b], PATIENCE)
    assert.equal(b.doc.getText(root).length, long.length + 'typed beside it '.length)
  }
  // What the trip itself shows keeps its limit, and the edit is refused alone.
  const raw = await scene.open(t, id, { ack: 1 })
  const note = new Y.Doc()
  note.getText('day:d1:note').insert(0, long)
  raw.send(update(Y.encodeStateAsUpdate(note)))
  const refused = await raw.hears('the refusal', ({ kind }) => kind === 'refused')
  assert.equal(refused.reason, 'too large: text')
  const fits = new Y.Doc()
  fits.getText('day:d1:note').insert(0, long.slice(1))
  raw.send(update(Y.encodeStateAsUpdate(fits)))
  await until('what fits is stored', () => raw.stored === 2, PATIENCE)
})
