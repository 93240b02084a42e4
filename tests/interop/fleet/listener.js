// Somebody who listens to what others do, over nginx, and comes back by themselves as a browser does.

import { setTimeout as pause } from 'node:timers/promises'

import WebSocket from 'ws'

/** Between two tries to come back. */
const PATIENCE = 500

export class Listener {
  /** What was heard, in the order of hearing: numbers of notices. */
  heard = []

  constructor (person) {
    this.person = person
    this.listening = this.#listen()
  }

  async #listen () {
    while (!this.isGone) {
      await this.#connect().catch(() => undefined)
      await pause(PATIENCE)
    }
  }

  /** Until the connection is over. */
  async #connect () {
    const { token } = await this.person.call('POST', '/events/tickets')
    const socket = new WebSocket(`${this.person.server.http.replace('http', 'ws')}/events?token=${token}`)
    this.socket = socket
    socket.on('open', () => socket.send(JSON.stringify({ id: 1, op: 'notices', after: this.heard.at(-1) ?? 0 })))
    socket.on('message', (text) => this.#hear(JSON.parse(text)))
    socket.on('error', () => undefined)
    await new Promise((resolve) => socket.once('close', resolve))
  }

  #hear (frame) {
    const notices = frame.event === 'notice' ? [frame.notice] : frame.ok?.notices ?? []
    this.heard.push(...notices.map(({ seq }) => seq))
  }

  leave () {
    this.isGone = true
    this.socket?.terminate()
  }
}
