"""HTTP routes of analytics."""

from fastapi import APIRouter

from services.analytics.api import lineage, rejections, totals

router = APIRouter()
router.include_router(totals.router)
router.include_router(rejections.router)
router.include_router(lineage.router)
