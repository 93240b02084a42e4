// The rules of docs/PROTOCOL.md below the providers: frames, acknowledgements, refusals and close codes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as Y from 'yjs'

import { Raw, askAwareness, awareness, insertion, probe, step1, step2, update } from './harness/raw.js'
import { Scene } from './harness/scene.js'
import { freshId } from './harness/trip.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

const EMPTY = Y.encodeStateVector(new Y.Doc())
const NOTHING = Y.encodeStateAsUpdate(new Y.Doc())

const Refused = { READ_ONLY: 1, MALFORMED: 2, TOO_LARGE: 3, TOO_MANY: 4, FORBIDDEN: 5, MISSING: 6 }

async function text (t, id, root = 'desc') {
  return (await scene.join(t, id)).doc.getText(root).toString()
}

/** W1 */
test('all messages of a frame are read', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id, { ack: 1 })
  raw.send(step1(EMPTY), update(insertion('one ')), update(insertion('two ')), askAwareness)
  await raw.hears('step 2', ({ kind }) => kind === 'step2')
  await until('both are stored', () => raw.stored === 2)
  const both = await text(t, id)
  assert.ok(both.includes('one ') && both.includes('two '), both)
})

/** W2 */
test('step 1 is answered by step 2, and the server sends a step 1 of its own', async (t) => {
  const raw = await scene.open(t, await scene.trip({ title: 'Jeju' }))
  raw.send(step1(EMPTY))
  const { bytes } = await raw.hears('step 2', ({ kind }) => kind === 'step2')
  await raw.hears('step 1', ({ kind }) => kind === 'step1')
  const doc = new Y.Doc()
  Y.applyUpdate(doc, bytes)
  assert.equal(doc.getText('title').toString(), 'Jeju')
})

/** W4 */
test('stored counts step 2 and update messages, and nothing else', async (t) => {
  const raw = await scene.open(t, await scene.trip(), { ack: 1 })
  raw.send(step1(EMPTY))
  raw.send(askAwareness)
  raw.send(step2(NOTHING))
  await until('step 2 is stored', () => raw.stored === 1)
  raw.send(update(insertion('x')))
  await until('the update is stored', () => raw.stored === 2)
})

/** W4 */
test('a client without ?ack=1 never hears of stored or refused', async (t) => {
  const raw = await scene.open(t, await scene.trip())
  const edit = insertion('x')
  raw.send(update(edit))
  await raw.hears('the echo', ({ kind }) => kind === 'update')
  assert.deepEqual(raw.heard.filter(({ kind }) => ['stored', 'refused'].includes(kind)), [])
})

/** W4 */
test('an update that builds on unknown edits is refused, and a step 1 asks for them', async (t) => {
  const id = await scene.trip()
  const doc = new Y.Doc()
  const updates = []
  doc.on('update', (bytes) => updates.push(bytes))
  doc.getText('desc').insert(0, 'first ')
  doc.getText('desc').insert(6, 'second')

  const raw = await scene.open(t, id, { ack: 1 })
  raw.send(step1(EMPTY))
  await raw.hears('the greeting', ({ kind }) => kind === 'step1')
  raw.heard.length = 0
  raw.send(update(updates[1]))
  const refusal = await until('a refusal', () => raw.refusal)
  assert.deepEqual([refusal.count, refusal.status], [1, Refused.MISSING])
  await raw.hears('step 1', ({ kind }) => kind === 'step1')
  raw.send(step2(Y.encodeStateAsUpdate(doc)))
  await until('all is stored', () => raw.stored === 2)
  assert.equal(await text(t, id), 'first second')
})

/** W4, W7 */
test('a reader with ?ack=1 is told which message was refused', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id, { ack: 1, person: await scene.member(id, 'viewer') })
  raw.send(step2(NOTHING))
  raw.send(update(insertion('no')))
  const refusal = await until('a refusal', () => raw.refusal)
  assert.deepEqual([refusal.count, refusal.status], [2, Refused.READ_ONLY])
  assert.equal(await text(t, id), '')
})

/** W4 */
test('an update over 256 KB is refused or ends the connection, and is not applied', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id, { ack: 1 })
  raw.send(update(insertion('x'.repeat(300_000))))
  await until('an answer', () => raw.closed ?? raw.refusal)
  if (raw.closed) assert.equal(raw.closed, 4413)
  else assert.equal(raw.refusal.status, Refused.TOO_LARGE)
  assert.equal(await text(t, id), '')
})

/** W9 */
test('close codes say why a client is not let in', async (t) => {
  const id = await scene.trip()
  const other = await scene.trip()
  const token = await scene.owner.ticket(id)
  for (const [what, trip, query, codes] of [
    ['no token', id, {}, [4401]],
    ['a made-up token', id, { token: 'made.up.token' }, [4401]],
    ['an access token instead of a ticket', id, { token: scene.owner.access }, [4401]],
    ['a ticket with a changed letter', id, { token: token.slice(0, -9) + (token.at(-9) === 'A' ? 'B' : 'A') + token.slice(-8) }, [4401]],
    ['a ticket for another document', other, { token }, [4403, 4404]],
    ['a document that never was', `trip:${freshId()}`, { token }, [4403, 4404]],
    ['a name that is none', 'trip:nonsense', { token }, [4404]],
    ['another epoch', id, { token, epoch: 7 }, [4409]]
  ]) {
    const raw = await Raw.open(scene.server, trip, query)
    t.after(() => raw.leave())
    const code = await raw.closes()
    assert.ok(codes.includes(code), `${what}: closed with ${code}, not ${codes.join(' or ')}`)
  }
})

/** W9 */
test('a frame that can\'t be read ends its connection with 4400, and no other', async (t) => {
  const id = await scene.trip()
  const peer = await scene.join(t, id)
  const socket = peer.provider.ws
  for (const hex of ['00', '0009', '0002ff', 'ff', '0100ffff', '03ff']) {
    const raw = await scene.open(t, id)
    raw.sendBytes(hex)
    assert.equal(await raw.closes(), 4400, hex)
  }
  assert.equal(peer.provider.ws, socket)
})

const bytes = (hex) => Buffer.from(hex, 'hex')

/** What kills, hangs or fills a server that hands it to yrs unread. */
const HOSTILE = {
  'an update with a count of half a billion': update(bytes('8080808001')),
  'a state vector with a count of half a billion': step1(bytes('8080808001')),
  'awareness with a count of half a billion': awareness(bytes('8080808001')),
  'seven thousand nested arrays': update(bytes('010101000801016101' + '7501'.repeat(7000) + '7e00')),
  'a map that no later encoding survives': update(bytes('0101564d02166428010469700100000266013f000000')),
  'a clock at its end': update(bytes('0101010000ffffffff0f00')),
  'a root that hangs who reads it as an array': update(bytes('010105000401046461797304f09f988000'))
}

test('hostile frames hurt nobody else', async (t) => {
  const id = await scene.trip({ title: 'Jeju' })
  const peer = await scene.join(t, id)
  for (const [what, frame] of Object.entries(HOSTILE)) {
    const raw = await scene.open(t, id, { ack: 1 })
    raw.send(frame, update(insertion('x', 'day:d1:note')))
    await until(`an answer to ${what}`, () => raw.closed ?? (raw.stored || raw.refusal))
    assert.equal(await text(t, id, 'title'), 'Jeju', what)
  }
  peer.doc.getText('desc').insert(0, 'still here')
  assert.equal(await until('the edit is there', () => text(t, id)), 'still here')
})

test('awareness that is no JSON hurts nobody else', async (t) => {
  const id = await scene.trip()
  const peer = await scene.join(t, id)
  const raw = await scene.open(t, id)
  raw.send(awareness(new Uint8Array([1, 5, 1, 1, 0x7b])))
  await until('an answer', () => raw.closed)
  assert.ok(peer.isConnected)
})

/** W13 */
test('a probe is answered, by a reader too, and costs nobody else anything', async (t) => {
  const id = await scene.trip()
  const raw = await scene.open(t, id, { person: await scene.member(id, 'viewer') })
  const other = await scene.open(t, id)
  raw.send(probe)
  await raw.hears('the answer', ({ kind }) => kind === 'probe')
  raw.send(...Array(50).fill(probe), step1(EMPTY))
  await raw.hears('step 2', ({ kind }) => kind === 'step2')
  assert.ok(raw.heard.filter(({ kind }) => kind === 'probe').length <= 51)
  assert.equal(other.heard.find(({ kind }) => kind === 'probe'), undefined)
})
