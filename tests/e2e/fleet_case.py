"""What the stories share: one lab and one fleet for a whole class of tests."""
import unittest

from fleet import Fleet

from maillab import Lab


class FleetCase(unittest.TestCase):
    """Subclasses say how their fleet is made; its files are kept for inspection on a failure."""
    fleet_class = Fleet
    fleet_options: dict = {}
    running = True  # False: only the files are written
    fleet: Fleet
    _failed = False

    @classmethod
    def setUpClass(cls):
        lab = Lab.up()
        cls.addClassCleanup(lab.down)
        cls.fleet = cls.fleet_class(lab, **cls.fleet_options)
        cls.addClassCleanup(cls.fleet.kill)
        cls.addClassCleanup(cls._keep_if_failed)
        cls.arrange()
        try:
            if cls.running:
                cls.fleet.start()
                cls.fleet.wait_green()
            else:
                cls.fleet.prepare()
        except BaseException:
            cls._failed = True
            raise

    @classmethod
    def arrange(cls):
        """What a subclass does to the fleet before anything of it runs."""

    @classmethod
    def _keep_if_failed(cls):
        if cls._failed:
            print(f"\nthe fleet's files are kept in {cls.fleet.keep(cls.__name__)}", flush=True)

    def run(self, result=None):
        before = len(result.failures) + len(result.errors) if result else 0
        done = super().run(result)
        if result and len(result.failures) + len(result.errors) > before:
            type(self)._failed = True
        return done

    def wait(self, problem, limit_s: float, what: str) -> None:
        self.fleet.wait(problem, limit_s, what)
