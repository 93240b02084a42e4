// Members who may only read: they get everything, their edits reach nobody, and they stay connected (W7).

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { converged } from './harness/peer.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

/** Waits until an edit of the writer has reached the reader: what the reader sent before was dealt with. */
async function settle (writer, reader) {
  const card = trip.addCard(writer.doc, 'd1', 'a sign')
  await until('the reader hears the writer', () => reader.doc.getMap('cards').has(card))
  return card
}

for (const role of ['viewer', 'commenter']) {
  /** W7 */
  test(`a ${role} who writes is refused and stays connected, and the edit reaches nobody`, async (t) => {
    const id = await scene.trip({ title: 'Jeju' })
    const writer = await scene.join(t, id)
    const reader = await scene.join(t, id, await scene.member(id, role))
    const socket = reader.provider.ws

    reader.doc.getText('title').insert(0, 'my own ')
    await until('the reader is refused', () => reader.denials.length > 0)
    reader.doc.getText('title').insert(0, 'very ')
    await settle(writer, reader)

    assert.equal(reader.denials.length, 1, 'refused once with a reason, not for each edit')
    assert.equal(reader.provider.ws, socket, 'on the same connection')
    assert.ok(reader.isConnected)
    assert.equal(writer.doc.getText('title').toString(), 'Jeju')
    const fresh = await scene.join(t, id)
    assert.equal(fresh.doc.getText('title').toString(), 'Jeju')
  })
}

/** W7 */
test('a reader comes and goes without being refused', async (t) => {
  const id = await scene.trip()
  const writer = await scene.join(t, id)
  const reader = await scene.join(t, id, await scene.member(id, 'viewer'))
  reader.goOffline()
  trip.addCard(writer.doc, 'd1', 'meanwhile')
  reader.goOnline()
  await converged([writer, reader])
  await settle(writer, reader)
  assert.deepEqual(reader.denials, [])
})

test('a reader is seen by the others', async (t) => {
  const id = await scene.trip()
  const writer = await scene.join(t, id)
  const reader = await scene.join(t, id, await scene.member(id, 'viewer', 'Reader'))
  reader.awareness.setLocalStateField('view', 'board')
  await until('the writer sees the reader', () => writer.others().get(reader.doc.clientID)?.u.name === 'Reader')
})

/** Behaviour 8 */
test('who was made a reader while offline with edits: none is applied', async (t) => {
  const id = await scene.trip({ title: 'Jeju' })
  const editor = await scene.member(id, 'editor')
  const writer = await scene.join(t, id)
  const peer = await scene.join(t, id, editor)
  peer.goOffline()
  peer.doc.getText('title').insert(0, 'lost ')
  await scene.owner.setRole(id, editor, 'viewer')
  peer.provider.params.token = await editor.ticket(id)
  peer.goOnline()
  await until('it is refused', () => peer.denials.length > 0)
  await settle(writer, peer)
  assert.equal(writer.doc.getText('title').toString(), 'Jeju')
  assert.equal(peer.doc.getText('title').toString(), 'lost Jeju', 'the local copy is left to the client')
})

test('a changed role takes effect on the open connection', async (t) => {
  const id = await scene.trip({ title: 'Jeju' })
  const member = await scene.member(id, 'editor')
  const writer = await scene.join(t, id)
  const peer = await scene.join(t, id, member)
  await scene.owner.setRole(id, member, 'viewer')
  peer.doc.getText('title').insert(0, 'lost ')
  await until('it is refused', () => peer.denials.length > 0)
  await settle(writer, peer)
  assert.equal(writer.doc.getText('title').toString(), 'Jeju')
  assert.ok(peer.isConnected)
})

test('a reader who is made an editor writes on the open connection', async (t) => {
  const id = await scene.trip({ title: 'Jeju' })
  const member = await scene.member(id, 'viewer')
  const writer = await scene.join(t, id)
  const peer = await scene.join(t, id, member)
  await scene.owner.setRole(id, member, 'editor')
  peer.doc.getText('title').insert(4, ' 2026')
  await until('the edit arrives', () => writer.doc.getText('title').toString() === 'Jeju 2026')
})

test('who is removed is out at once, and can\'t come back', async (t) => {
  const id = await scene.trip()
  const member = await scene.member(id, 'editor')
  const peer = await scene.join(t, id, member)
  await scene.owner.remove(id, member)
  assert.equal(await until('the connection ends', () => peer.closed), 4403)
  await assert.rejects(member.ticket(id), { status: 404 })
})
