import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Passes TCP on to a port of this machine, and fails when the test wants it to. */
export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #refuses = false

  private constructor(target: number) {
    this.#server = createServer({ allowHalfOpen: false }, (near) => {
      if (this.#refuses) {
        near.destroy()
        return
      }
      const far = connect(target, '127.0.0.1')
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          this.#sockets.delete(socket)
          other.destroy()
        })
        socket.pipe(other)
      }
    })
  }

  static async start(target: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Breaks all connections, wherever they are in a line. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  /** New connections are closed at once. */
  refuse(refuses: boolean): void {
    this.#refuses = refuses
  }

  /** Half-open: the connections stay and nothing comes through. */
  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe()
      socket.resume()
    }
  }

  stop(): void {
    this.cut()
    this.#server.close()
  }
}
