export { type ChartedService, chartedServices } from './services.ts'
