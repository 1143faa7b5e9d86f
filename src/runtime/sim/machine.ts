/**
 * @module A machine of a simulated network: an actor system of its own, a place on the network, a disk. It can lose its
 * power at any step and start again with what its disk has kept.
 */
import type {ActorSystem} from '../system.js';
import {SimulatedDisk, type DiskFaults, type DiskHandle} from './disk.js';
import type {NetworkHost, Receive, SimulatedNetwork} from './network.js';

/** What a program has of its machine, for one life. */
export interface MachineLife<N> {
  readonly name: string;
  /** Counts the starts, from 1. */
  readonly life: number;
  readonly system: ActorSystem;
  readonly disk: DiskHandle;
  send(to: string, message: N, sizeBytes?: number): void;
  /** Who takes what the network brings. */
  onReceive(receive: Receive<N>): void;
}

/** Spawns what the machine runs. Called at every start. */
export type Program<N> = (life: MachineLife<N>) => void;

export interface MachineHost extends NetworkHost {
  createSystem(): ActorSystem & {crash(): void};
}

export class SimulatedMachine<N> {
  readonly name: string;
  life = 0;
  private readonly host: MachineHost;
  private readonly network: SimulatedNetwork<N>;
  private readonly program: Program<N>;
  private readonly disk: SimulatedDisk;
  private running: (ActorSystem & {crash(): void}) | undefined = undefined;

  constructor(host: MachineHost, network: SimulatedNetwork<N>, facts: {readonly name: string; readonly program: Program<N>; readonly disk?: Partial<DiskFaults>}) {
    this.host = host;
    this.network = network;
    this.name = facts.name;
    this.program = facts.program;
    this.disk = new SimulatedDisk(host, facts.disk);
  }

  /** Of the present life; `undefined` while the power is off. */
  get system(): ActorSystem | undefined {
    return this.running;
  }

  start(): void {
    if (this.running !== undefined) return;
    this.life += 1;
    const {name, life} = this;
    const system = this.host.createSystem();
    this.running = system;
    let receive: Receive<N> = () => undefined;
    this.network.join(name, (from, message) => receive(from, message));
    this.host.note(`start ${name} ${life}`);
    this.program({
      name, life, system, disk: this.disk.open(),
      send: (to, message, sizeBytes) => {
        // A continuation of an earlier life must not speak for this one.
        if (this.life === life && this.running !== undefined) this.network.send(name, to, message, sizeBytes);
      },
      onReceive: (given) => {
        receive = given;
      },
    });
  }

  /** The power fails: actors end where they stand, what waits is lost, the disk keeps what a crash leaves. */
  crash(): void {
    if (this.running === undefined) return;
    this.host.note(`crash ${this.name} ${this.life}`);
    this.network.leave(this.name);
    this.running.crash();
    this.running = undefined;
    this.disk.crash();
  }
}
