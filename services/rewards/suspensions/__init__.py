"""Who is suspended, as scoring tells: they win nothing by lot meanwhile."""
