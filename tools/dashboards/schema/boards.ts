// The shapes that a dashboard's JSON may have: Grafana's own types, closed where they are open.
import type {
  AnnotationQuery,
  Dashboard,
  DataQuery,
  DataSourceRef,
  FieldConfig,
  FieldConfigSource,
  Panel,
  RowPanel,
  VariableModel,
} from '@grafana/schema';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as TableFields,
  Options as TableOptions,
} from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TextOptions } from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type {
  FieldConfig as TimeSeriesFields,
  Options as TimeSeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** What a type is in JSON: members of enumerations are the texts and numbers that they stand for. */
export type Json<T> = unknown extends T
  ? unknown
  : T extends string
    ? `${T}`
    : T extends number
      ? number extends T
        ? number
        : `${T}` extends `${infer Value extends number}`
          ? Value
          : never
      : T extends boolean | null | undefined
        ? T
        : T extends Array<infer Item>
          ? Array<Json<Item>>
          : { [Key in keyof T]: Json<T[Key]> };

/** A query of Prometheus, whose type is in a package of its data source. */
export interface PrometheusQuery extends DataQuery {
  datasource: DataSourceRef;
  expr: string;
  exemplar?: boolean;
  format?: 'time_series' | 'table' | 'heatmap';
  instant?: boolean;
  legendFormat?: string;
  range?: boolean;
}

interface Fields<Custom> extends Omit<FieldConfig, 'custom'> {
  custom?: Custom;
}

interface FieldsAndOverrides<Custom> extends Omit<FieldConfigSource, 'defaults'> {
  defaults: Fields<Custom>;
}

interface Shown<Type extends string, Options, Custom>
  extends Omit<Panel, 'fieldConfig' | 'options' | 'targets' | 'type'> {
  type: Type;
  id: number;
  title: string;
  description: string;
  options: Options;
  fieldConfig?: FieldsAndOverrides<Custom>;
  targets?: PrometheusQuery[];
}

export type StatPanel = Json<Shown<'stat', StatOptions, never>>;
export type TablePanel = Json<Shown<'table', TableOptions, TableFields>>;
export type TextPanel = Json<Shown<'text', TextOptions, never>>;
export type TimeSeriesPanel = Json<Shown<'timeseries', TimeSeriesOptions, TimeSeriesFields>>;
export type Row = Json<RowPanel>;

/** The schema leaves to a data source what it calls its question. */
export type Annotation = Json<Omit<AnnotationQuery, 'target'> & { expr: string }>;
export type Variable = Json<VariableModel>;
export type Board = Json<Dashboard>;
