// The network between a browser and the server: passes on, goes silent, forgets connections, or is gone, as it is told.

import { createServer, connect, type Server, type Socket } from 'node:net'

/** What becomes of what is sent. */
type Mode =
  /** Passed on. */
  | 'pass'
  /** Swallowed; nothing is closed. */
  | 'silent'

export class Wire {
  /** As a browser addresses it. */
  readonly http: string
  #mode: Mode = 'pass'
  readonly #server: Server
  readonly #pairs = new Set<Pair>()

  private constructor(server: Server, port: number) {
    this.#server = server
    this.http = `http://127.0.0.1:${port}`
  }

  /** A wire on a free port to this server's address (`host:port`). */
  static async to(address: string): Promise<Wire> {
    const [host, port] = address.split(':')
    const server = createServer({ allowHalfOpen: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const at = server.address()
    if (at === null || typeof at === 'string') throw new Error('no port')
    const wire = new Wire(server, at.port)
    server.on('connection', (socket) => wire.#accept(socket, host, Number(port)))
    return wire
  }

  /** Nothing arrives any more, in either direction, and nobody is told: connections stay open, new ones are taken. */
  goSilent(): void {
    this.#mode = 'silent'
    for (const pair of this.#pairs) pair.isLost = true
  }

  /** New connections work again; what was open when it went silent stays dead, as behind a firewall that forgot it. */
  comeBack(): void {
    this.#mode = 'pass'
  }

  async close(): Promise<void> {
    for (const { near, far } of this.#pairs) {
      near.destroy()
      far?.destroy()
    }
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(near: Socket, host: string, port: number): void {
    const pair: Pair = { near, far: null, isLost: this.#mode === 'silent' }
    this.#pairs.add(pair)
    near.on('error', () => undefined)
    near.on('close', () => {
      this.#pairs.delete(pair)
      // The server does not hear of the end of what is lost.
      if (!pair.isLost) pair.far?.destroy()
    })
    near.on('data', (data) => { if (!pair.isLost) pair.far?.write(data) })
    near.on('end', () => { if (!pair.isLost) pair.far?.end() })
    if (pair.isLost) return
    const far = connect({ host, port })
    pair.far = far
    far.on('error', () => near.destroy())
    far.on('data', (data) => { if (!pair.isLost) near.write(data) })
    far.on('end', () => { if (!pair.isLost) near.end() })
    far.on('close', () => { if (!pair.isLost) near.destroy() })
  }
}

interface Pair {
  readonly near: Socket
  far: Socket | null
  isLost: boolean
}
